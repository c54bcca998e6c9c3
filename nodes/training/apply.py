"""Using what was trained: weights in the place of those that a model had."""

from typing import Annotated, NamedTuple

from safetensors import SafetensorError, safe_open

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef, VaeRef
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.node.declare import injected, node
from graphengine.node.widgets import Under

WeightsFile = Annotated[File, Under("models", "builtin")]


class Applied(NamedTuple):
    """The parts of a model, with trained weights."""

    model: ModelRef
    text_encoder: TextEncoderRef


@node(
    "training.apply",
    category="training",
    title="Apply trained weights",
    lane="gpu",
    aliases=("Load trained model", "Load fine-tuned weights"),
)
def apply_weights(
    model: ModelRef, encoder: TextEncoderRef, file: WeightsFile, *, pool: ModelPool = injected
) -> Applied:
    """Use a denoiser that was trained here, and the text encoder that was trained with it or alone.

    The model itself stays as it is. While the trained one is used it takes as much memory again.

    Inputs:
        model, encoder: the parts of the model that the weights were trained from.
        file: a safetensors file that Save weights wrote.

    Outputs:
        model: with the weights of the file, if it was trained; else as it came.
        text_encoder: likewise.

    Errors: the file holds neither, or weights of another architecture.
    """
    patch = Patch("weights", file)
    words = _holds(file, encoder.part)
    denoises = not words or _holds(file, model.part)  # a file of neither is refused where it is loaded
    applied = Applied(model.patched(patch) if denoises else model, encoder.patched(patch) if words else encoder)
    for ref in applied:
        with pool.use(ref):  # what does not fit is told here
            pass
    return applied


@node("training.apply_vae", category="training", title="Apply trained autoencoder", lane="gpu")
def apply_vae(vae: VaeRef, file: WeightsFile, *, pool: ModelPool = injected) -> VaeRef:
    """Use an autoencoder that was trained here.

    Inputs:
        vae: the autoencoder that it was trained from.
        file: a safetensors file that Save weights wrote.

    Outputs:
        vae: with the weights of the file.

    Errors: the file holds no autoencoder, or one of another architecture.
    """
    applied = vae.patched(Patch("weights", file))
    with pool.use(applied):
        pass
    return applied


def _holds(file: File, part: str) -> bool:
    try:
        with safe_open(file.path, "pt") as opened:
            return any(name.startswith(f"{part}.") for name in opened.keys())  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise NodeError(
            f"{file.reference} cannot be read as safetensors: {error}", hint="Is the file whole?"
        ) from error
