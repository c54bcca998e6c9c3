"""Opening a model."""

from typing import Annotated, Literal, NamedTuple

from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.types.refs import DTypeName, ModelRef, TextEncoderRef, VaeRef
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import node
from graphengine.node.widgets import Under


class Parts(NamedTuple):
    """The parts of a model."""

    model: ModelRef
    text_encoder: TextEncoderRef
    vae: VaeRef


@node(
    "model.load",
    category="model",
    lane="io",
    title="Load model",
    aliases=("Checkpoint loader", "Load checkpoint", "Load diffusion model"),
)
def load(
    source: Annotated[File, Under("models", "builtin", roles=("model",))],
    precision: DTypeName = "auto",
    prediction: Literal["auto", "epsilon", "v_prediction"] = "auto",
) -> Parts:
    """Open a model: a folder as diffusers saves it, or a single .safetensors file.

    Stable Diffusion 1, 2, XL with its refiner, 3 and 3.5, Flux.1, and Wan's text and image to video: which it is, is
    found out from its content. No weights are loaded here: the nodes that use the parts do that.

    Inputs:
        source: a path under the models folder; ``builtin:…`` names a model that comes with the program.
        precision: the number format of the weights; ``auto`` is half precision on an accelerator, full on the CPU.
        prediction: what the denoiser predicts. ``auto`` is right for folders; of a single file of SD 2 it assumes
            ``v_prediction`` (the 768-pixel models), and the 512-pixel "base" models need ``epsilon``. Models that
            predict a flow (Flux.1, SD 3, Wan) take ``auto`` alone.

    Outputs:
        model, text_encoder, vae: the parts, as recipes that other nodes take.

    Errors: a pickle (.ckpt, .pt, .bin) whatever its name, a broken file, an unknown architecture, a missing part.
    """
    found = open_checkpoint(source, dtype=precision, prediction=None if prediction == "auto" else prediction)
    if found.model is None or found.text_encoder is None or found.vae is None:
        parts = {"model": found.model, "text encoder": found.text_encoder, "VAE": found.vae}
        if found.experts:
            raise NodeError(
                f"{source.reference!r} holds two denoisers, each for a part of the steps",
                hint="Open each with Load denoiser, the rest with Load text encoder and Load VAE; see Sample steps.",
            )
        missing = " and no ".join(name for name, part in parts.items() if part is None)
        raise NodeError(f"{source.reference!r} holds no {missing}", hint="Choose a file that holds the whole model.")
    return Parts(found.model, found.text_encoder, found.vae)
