"""Two conditionings made one."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.regions import appended, emptied, mixed, together
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("conditioning.combine", category="conditioning", title="Combine conditionings")
def combine(a: Conditioning, b: Conditioning) -> Conditioning:
    """Let two conditionings count beside each other: what the model predicts for each is averaged.

    It is how parts of a picture get a text each: bind one or both to a mask, an area or a time before. Each part is
    one more evaluation of the model per step.

    Inputs:
        a, b: of the same model.

    Errors: they are for different models.

    Source: Liu et al., Compositional Visual Generation with Composable Diffusion Models (2022).
    """
    return together(a, b)


@node("conditioning.concat", category="conditioning", title="Concatenate conditionings")
def concat(a: Conditioning, b: Conditioning) -> Conditioning:
    """Append one encoded text to another, as if both were one long text whose halves do not see each other.

    Inputs:
        a: each of its parts gets the tokens of b.
        b: one text.

    Errors: they are for different models, or b has several parts.
    """
    return appended(a, b)


@node("conditioning.average", category="conditioning", title="Average conditionings")
def average(
    a: Conditioning, b: Conditioning, amount: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.5
) -> Conditioning:
    """Mix the embeddings of two texts: between a dog and a cat there are animals that are both.

    Inputs:
        a: each of its parts is moved towards b.
        b: one text.
        amount: 0 is a alone, 1 is b alone.

    Errors: they are for different models, or b has several parts.
    """
    return mixed(a, b, amount)


@node("conditioning.zero_out", category="conditioning", title="Zero out conditioning")
def zero_out(conditioning: Conditioning) -> Conditioning:
    """Put zeros in place of an encoded text, which some models take for no text at all.

    Inputs:
        conditioning: of the form that is wanted.
    """
    return emptied(conditioning)
