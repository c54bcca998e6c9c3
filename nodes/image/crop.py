"""Parts of pictures."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.planes import Side
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node

Offset = Annotated[int, Field(ge=0)]


@node("image.crop", category="image/size")
def crop(image: Image, x: Offset = 0, y: Offset = 0, width: Side = 512, height: Side = 512) -> Image:
    """Cut a rectangle out of pictures.

    Inputs:
        x, y: the left upper corner in pixels, from the left and from the top.
        width, height: of the rectangle, in pixels, from 1.

    Errors: the rectangle does not lie inside the picture.
    """
    if x + width > image.width or y + height > image.height:
        raise NodeError(
            f"the rectangle {width} × {height} at ({x}, {y}) does not lie inside the picture, "
            f"which is {image.width} × {image.height}",
            hint="Make the rectangle smaller or move it.",
        )
    return Image(image.pixels[:, y : y + height, x : x + width].clone())
