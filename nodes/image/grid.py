"""All pictures of a batch on one sheet."""

import math
from typing import Annotated

from pydantic import Field
from torch.nn import functional

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
    across = min(columns or math.ceil(math.sqrt(image.batch)), image.batch)
    down = math.ceil(image.batch / across)
    filled = functional.pad(image.pixels, (0, 0, 0, 0, 0, 0, 0, across * down - image.batch))
    rows = filled.reshape(down, across, *image.pixels.shape[1:]).transpose(1, 2)
    return Image(rows.reshape(1, down * image.height, across * image.width, image.channels))
