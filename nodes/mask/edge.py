"""The edges of masks: moved, and made soft."""

from typing import Annotated, Literal

from pydantic import Field

from graphengine.diffusion.masks import grown, softened, softened_inside
from graphengine.diffusion.types.image import Mask
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("mask.grow", category="mask", title="Grow or shrink mask")
def grow(mask: Mask, distance: Annotated[int, Field(ge=-1024, le=1024), Slider(-64, 64, 1)] = 8) -> Mask:
    """Move the edge of a mask outward, or inward.

    Soft masks stay soft: each pixel becomes the largest (or smallest) within the distance.

    Inputs:
        distance: in pixels; negative shrinks. Corners become round.

    Source: dilation and erosion with a disk, Serra, Image Analysis and Mathematical Morphology (1982).
    """
    return Mask(grown(mask.values, distance))


@node("mask.feather", category="mask", title="Feather mask")
def feather(
    mask: Mask,
    radius: Annotated[float, Field(ge=0, le=1000), Slider(0, 64)] = 4.0,
    side: Literal["both", "inside", "outside"] = "both",
) -> Mask:
    """Make the edge of a mask soft.

    Inputs:
        radius: the standard deviation of the Gaussian in pixels, 0 (no change) to 1000.
        side: ``both`` lets the edge fade to either side. ``inside`` fades within the mask alone, so that what was 0
            stays exactly 0; ``outside`` fades around it, so that what was 1 stays exactly 1.
    """
    if side == "both":
        return Mask(softened(mask.values, radius))
    if side == "inside":
        return Mask(softened_inside(mask.values, radius))
    return Mask(1 - softened_inside(1 - mask.values, radius))
