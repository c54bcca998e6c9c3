"""Opening a ControlNet."""

from typing import Annotated

from graphengine.diffusion.control.loading import open_control
from graphengine.diffusion.types.refs import ControlNetRef, DTypeName
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


@node(
    "control.load", category="control", lane="io", title="Load ControlNet", aliases=("ControlNet loader", "T2I-Adapter")
)
def load(
    source: Annotated[File, Under("models", "builtin", roles=("controlnet", "adapter"))], precision: DTypeName = "auto"
) -> ControlNetRef:
    """Open a ControlNet or a T2I-Adapter: a folder as diffusers saves it, or a .safetensors file.

    What it is is found out from its content. No weights are loaded here: sampling does that.

    Inputs:
        source: a path under the models folder; ControlNets may be single files, in the layout of diffusers or
            of the first releases.
        precision: the number format of the weights; ``auto`` is half precision on an accelerator, full on the CPU.

    Outputs:
        control: the network, as a recipe that other nodes take.

    Errors: a pickle (.ckpt, .pt, .bin) whatever its name, a broken file, something else than a ControlNet.
    """
    return open_control(source, precision)
