"""Many pictures on one sheet, with words."""

import math
from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.sheets import laid_out, lettered, pictures_of, text_height
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node

Gap = Annotated[int, Field(ge=0, le=256)]


@node("image.contact_sheet", category="image", title="Contact sheet")
def contact_sheet(
    images: list[Image],
    captions: list[str] | None = None,
    columns: Annotated[int, Field(ge=0, le=256)] = 0,
    gap: Gap = 6,
) -> Image:
    """Lay pictures of any size out on a white sheet, each with a line of words below it.

    Inputs:
        images: a list; of batches every picture counts.
        captions: a line for each picture, in their order; pictures beyond the last have none.
        columns: pictures in a row; 0 makes about as many columns as rows.
        gap: between the pictures, in pixels.

    Outputs:
        image: one picture, without transparency.

    Errors: there is no picture, or more captions than pictures.
    """
    pictures = pictures_of(images)
    words = captions or []
    if len(words) > len(pictures):
        raise NodeError(f"{len(words)} captions are too many for {len(pictures)} pictures")
    size = text_height(max(picture.shape[0] for picture in pictures))
    across = min(columns or math.ceil(math.sqrt(len(pictures))), len(pictures))
    cells = [
        torch.cat((picture, lettered(words[index], picture.shape[1], size))) if index < len(words) else picture
        for index, picture in enumerate(pictures)
    ]
    return laid_out([cells[start : start + across] for start in range(0, len(cells), across)], gap)


@node("image.xy_grid", category="image", title="XY grid")
def xy_grid(images: list[Image], rows: list[str], columns: list[str], gap: Gap = 4) -> Image:
    """Lay pictures out as a table, to compare what two settings do.

    Inputs:
        images: row by row, as a node with the map ``product`` makes them; every picture of a batch counts.
        rows, columns: the words at the left of each row and above each column.
        gap: between the pictures, in pixels.

    Outputs:
        image: one picture, without transparency.

    Errors: there are not as many pictures as rows times columns.
    """
    pictures = pictures_of(images)
    if len(pictures) != len(rows) * len(columns):
        raise NodeError(
            f"{len(pictures)} pictures do not fill {len(rows)} rows of {len(columns)}",
            hint="Let the node that makes them run for each pair: set its map to product.",
        )
    height, width = pictures[0].shape[:2]
    size = text_height(height)
    side = [lettered(each, max(width // 2, 6 * size), size) for each in rows]
    head = [torch.ones(1, 1, 3), *(lettered(each, width, size) for each in columns)]
    body = [[side[row], *pictures[row * len(columns) :][: len(columns)]] for row in range(len(rows))]
    return laid_out([head, *body], gap)
