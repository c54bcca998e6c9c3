"""The sizes of masks, and where they lie."""

from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.masks import box_of, resized_mask
from graphengine.diffusion.planes import Side
from graphengine.diffusion.types.image import Mask
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


class Bounds(NamedTuple):
    """A rectangle in pixels; of no size if the mask is empty."""

    x: int
    y: int
    width: int
    height: int


@node("mask.resize", category="mask", title="Resize mask")
def resize(mask: Mask, width: Side = 512, height: Side = 512) -> Mask:
    """Change the size of a mask; it is stretched, and smoothed when it becomes smaller.

    Inputs:
        width, height: in pixels, 1 to 16384.
    """
    return resized_mask(mask, width, height)


@node("mask.bounds", category="mask", title="Bounds of mask")
def bounds(mask: Mask, level: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.0) -> Bounds:
    """Tell the smallest rectangle that holds a mask, of a batch that of all.

    Inputs:
        level: a place belongs to the mask where it is above this.

    Outputs:
        x, y: the left upper corner in pixels.
        width, height: in pixels; both 0 if nothing is above the level.
    """
    box = box_of(mask.values, level)
    if box is None:
        return Bounds(0, 0, 0, 0)
    left, top, right, bottom = box
    return Bounds(left, top, right - left, bottom - top)
