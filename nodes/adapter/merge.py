"""Merging models."""

from typing import Annotated, TypeVar

from pydantic import Field

from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef, WeightsRef
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Amount = Annotated[float, Field(ge=0, le=1), Slider(0, 1, 0.05)]

R = TypeVar("R", bound=WeightsRef)


@node(
    "adapter.merge", category="adapter", title="Merge models", lane="io", aliases=("Model merge", "Checkpoint merger")
)
def merge(model: ModelRef, other: ModelRef, amount: Amount = 0.5) -> ModelRef:
    """Mix the weights of two denoisers of one architecture.

    Inputs:
        model: what it is at amount 0.
        other: what it is at amount 1; it must not be changed by adapters. What it predicts must be the same.
        amount: how far each weight is moved towards the other's.

    Outputs:
        model: the mixed denoiser. Neither of the two is changed; while it is used it is one more model in memory.

    Errors: the models are of different architectures, or the other is changed by adapters.

    Source: Wortsman et al., Model Soups (2022).
    """
    return _merged(model, other, Patch("merge", other.source, amount))


@node("adapter.merge_blocks", category="adapter", title="Merge models by blocks", lane="io", aliases=("Block merge",))
def merge_blocks(
    model: ModelRef,
    other: ModelRef,
    down: Amount = 0.5,
    middle: Amount = 0.5,
    up: Amount = 0.5,
    rest: Amount = 0.5,
) -> ModelRef:
    """Mix the weights of two denoisers that are UNets, with an amount for each group of blocks.

    Inputs:
        model, other: as for Merge models.
        down, middle, up: how far the blocks on the way down, in the middle and on the way up are moved towards those
            of the other.
        rest: the same for all other weights: the first and the last layers, and those that read the time.

    Outputs:
        model: the mixed denoiser.

    Errors: as for Merge models.
    """
    blocks = (("down_blocks.", down), ("mid_block.", middle), ("up_blocks.", up))
    if not any((down, middle, up, rest)):
        return model
    return _merged(model, other, Patch("merge", other.source, rest, blocks=blocks))


@node("adapter.merge_text_encoders", category="adapter", title="Merge text encoders", lane="io")
def merge_text_encoders(encoder: TextEncoderRef, other: TextEncoderRef, amount: Amount = 0.5) -> TextEncoderRef:
    """Mix the weights of the text encoders of two models of one architecture.

    Inputs:
        encoder: what it is at amount 0.
        other: what it is at amount 1; it must not be changed by adapters.
        amount: how far each weight is moved towards the other's.

    Outputs:
        text_encoder: the mixed text encoder.

    Errors: as for Merge models.
    """
    return _merged(encoder, other, Patch("merge", other.source, amount))


def _merged(ref: R, other: R, patch: Patch) -> R:
    if (ref.family, ref.variant) != (other.family, other.variant):
        raise NodeError(
            f"a model of {ref.family} ({ref.variant}) cannot be merged with one of {other.family} ({other.variant})",
            hint="Merge models of one kind.",
        )
    if other.patches:
        raise NodeError("the other model is changed by adapters", hint="Merge first, and apply adapters to the result.")
    if isinstance(ref, ModelRef) and isinstance(other, ModelRef) and ref.prediction != other.prediction:
        raise NodeError(f"one model predicts {ref.prediction}, the other {other.prediction}")
    return ref.patched(patch)
