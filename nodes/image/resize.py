"""Pictures of another size."""

from typing import Annotated, Literal

from pydantic import Field

from graphengine.diffusion.planes import LONGEST_SIDE, Box, Method, Side, resized
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("image.resize", category="image/size", aliases=("Upscale image",))
def resize(
    image: Image,
    width: Side = 512,
    height: Side = 512,
    method: Method = "lanczos",
    aspect: Literal["stretch", "fit", "fill"] = "stretch",
) -> Image:
    """Change the size of pictures.

    When a picture becomes smaller the filter becomes wider, so that fine patterns do not alias (all methods
    but ``nearest``). Computed in floating point by Pillow; overshoots are clamped.

    Inputs:
        width, height: in pixels, 1 to 16384.
        method: ``lanczos`` is sharp, ``bicubic`` and ``bilinear`` are softer, ``area`` averages (good for
            very much smaller), ``nearest`` keeps hard pixels.
        aspect: ``stretch`` to exactly this size; ``fit`` inside it, keeping the proportions, so that one side
            may be shorter; ``fill`` it, keeping the proportions, and cut off equally on both sides.
    """
    if aspect == "fill":
        return resized(image, width, height, method, _middle(image, width / height))
    if aspect == "fit":
        factor = min(width / image.width, height / image.height)
        width, height = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return resized(image, width, height, method)


@node("image.scale", category="image/size", aliases=("Upscale image by", "Enlarge", "Shrink"))
def scale(
    image: Image,
    factor: Annotated[float, Field(gt=0, le=64), Slider(0.25, 4)] = 2.0,
    method: Method = "lanczos",
) -> Image:
    """Make pictures larger or smaller by a factor, keeping their proportions.

    Inputs:
        factor: above 0; 2 doubles width and height, 0.5 halves them. Sides are rounded, to 1 pixel at least.
        method: as in Resize.

    Errors: a side would be longer than 16384 pixels.
    """
    width, height = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    if max(width, height) > LONGEST_SIDE:
        raise NodeError(
            f"scaled by {factor:g} the picture would be {width} × {height} pixels",
            hint=f"Use a smaller factor: no side may be longer than {LONGEST_SIDE}.",
        )
    return resized(image, width, height, method)


def _middle(image: Image, aspect: float) -> Box:
    """Return the largest box of the proportions ``aspect`` (width to height) in the middle of a picture."""
    width = min(image.width, image.height * aspect)
    height = min(image.height, image.width / aspect)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return (left, top, left + width, top + height)
