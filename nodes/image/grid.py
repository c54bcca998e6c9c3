"""All pictures of a batch on one sheet."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.images import sheet
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node


@node("image.grid", category="image", aliases=("Contact sheet",))
def grid(image: Image, columns: Annotated[int, Field(ge=0, le=256)] = 0) -> Image:
    """Lay the pictures of a batch out on one sheet, row by row.

    Inputs:
        columns: pictures in a row; 0 makes the sheet about as many pictures wide as high.

    Outputs:
        image: one picture, ``columns`` times as wide; places without a picture are black (or transparent).
    """
    return sheet(image, columns)
