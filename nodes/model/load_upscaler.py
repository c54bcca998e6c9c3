"""Opening an upscaler."""

from typing import Annotated, Literal

from graphengine.diffusion.types.refs import UpscalerRef
from graphengine.diffusion.upscalers import open_upscaler
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node(
    "model.load_upscaler",
    category="model",
    lane="io",
    title="Load upscaler",
    aliases=("Upscale model loader", "ESRGAN", "Restoration model", "Face restore model"),
)
def load_upscaler(
    source: Annotated[File, Under("models", "builtin", roles=("upscaler",))],
    precision: Literal["float32", "float16", "bfloat16"] = "float32",
) -> UpscalerRef:
    """Open a network that makes pictures larger, or one that restores them and keeps their size.

    The architecture is found out by the weights: ESRGAN, Compact, SwinIR, HAT, DAT, Real-CUGAN, GFPGAN, RestoreFormer,
    SCUNet, NAFNet and some thirty others. No weights are loaded here: the nodes that use it do that.

    Inputs:
        source: a .safetensors file under the models folder; one comes with the program,
            ``builtin:upscaler-x2/upscaler-x2.safetensors``.
        precision: the number format; half of it is quicker on an accelerator, and some architectures need all of it.

    Errors: a pickle (.pth, .pt), a broken file, or a model of another kind. That an architecture is not known is told
    when it is used.

    Source: spandrel, which knows the architectures.
    """
    return open_upscaler(source, precision)
