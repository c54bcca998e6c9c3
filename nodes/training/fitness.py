"""What trainings of denoisers have in common: the parts of a model, which of them can be trained, and what is left."""

from typing import Final, NamedTuple

from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError

DENOISER: Final = "denoiser"
"""What the weights of a whole denoiser are called."""


class Parts(NamedTuple):
    """The parts of the model that is trained."""

    model: ModelRef
    encoder: TextEncoderRef
    vae: VaeRef


class TrainedDenoiser(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    gain: float
    error: float


def refuse_adapted(model: ModelRef, encoder: TextEncoderRef) -> None:
    """Refuse models whose weights are not all their own."""
    if model.is_adapted:
        raise NodeError(
            "the model carries a LoRA or a ControlNet already",
            hint="Link the model as it was before; apply the others to what was trained afterwards.",
        )
    if any(patch.kind in {"lora", "embedding"} for patch in encoder.patches):
        raise NodeError(
            "the text encoder carries a LoRA or a learned word already", hint="Link the text encoder as it was before."
        )


def refuse_flow(model: ModelRef) -> None:
    """Refuse models that no distillation here is for."""
    if model.prediction == "flow":
        raise NodeError("models that predict a flow cannot be distilled here", hint="Link one that predicts noise.")
