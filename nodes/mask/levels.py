"""The values of masks."""

from typing import Annotated

from pydantic import Field
from scipy.ndimage import binary_fill_holes

from graphengine.diffusion.masks import each_mask
from graphengine.diffusion.types.image import Mask
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("mask.threshold", category="mask", title="Threshold of mask")
def threshold(
    mask: Mask,
    level: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.5,
    softness: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.0,
) -> Mask:
    """Make a mask hard: 1 where it is at least a level, 0 elsewhere.

    Inputs:
        level: where the edge is, 0 to 1.
        softness: over how much of the values, with the level in the middle, the edge rises instead of jumping.
    """
    if softness == 0:
        return Mask((mask.values >= level).float())
    return Mask(((mask.values - level) / softness + 0.5).clamp(0, 1))


@node("mask.fill_holes", category="mask", title="Fill holes of mask")
def fill_holes(mask: Mask) -> Mask:
    """Fill what a mask encloses; a place belongs to the mask where it is at least half.

    Outputs:
        mask: 1 in the holes, and as it was elsewhere.
    """
    holes = each_mask(mask.values, lambda values: binary_fill_holes(values >= 0.5) & (values < 0.5))
    return Mask(mask.values.maximum(holes))
