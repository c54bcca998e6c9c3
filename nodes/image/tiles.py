"""Large pictures in parts that a model can take, and whole again."""

from fractions import Fraction
from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.tiles import cut, joined
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Size = Annotated[int, Field(ge=16, le=8192), Slider(64, 2048, 8)]
Overlap = Annotated[int, Field(ge=0, le=4096), Slider(0, 256, 8)]


@node("image.split_tiles", category="image/size", title="Split into tiles", aliases=("Tile", "Ultimate upscale"))
def split_tiles(image: Image, size: Size = 512, overlap: Overlap = 64) -> list[Image]:
    """Cut pictures into square tiles that overlap; what follows runs for each.

    So a model makes a picture anew part by part, at the size that it knows. Join tiles makes one of them again.

    Inputs:
        image: a picture, or several of one size.
        size: side of a tile in pixels: a multiple of the model's stride, which is 8 for most. The last tiles of a row
            or column are moved inward, not made smaller.
        overlap: pixels that neighbours share, less than a tile.

    Outputs:
        images: the tiles, row by row.

    Errors: the overlap is not smaller than a tile.
    """
    try:
        planes = cut(image.pixels.permute(0, 3, 1, 2), size, overlap)
    except ValueError as error:
        raise NodeError(str(error), hint="Choose larger tiles, or a smaller overlap.") from error
    return [Image(tile.permute(0, 2, 3, 1).contiguous()) for tile in planes]


@node("image.join_tiles", category="image/size", title="Join tiles")
def join_tiles(tiles: list[Image], whole: Image, size: Size = 512, overlap: Overlap = 64) -> Image:
    """Make one picture of its tiles, blended where they overlap.

    The outer third of an overlap is left away on either side; over the middle third one tile fades into the other.

    Inputs:
        tiles: what was made of each, in the order of Split into tiles; all may be larger by the same factor.
        whole: the picture that was cut; of it only the size counts.
        size, overlap: with which it was cut.

    Errors: there are not as many tiles, or they have other sizes than they should have.
    """
    if not tiles:
        raise NodeError("there are no tiles", hint="Link what was made of each tile.")
    if len({(each.batch, each.channels) for each in tiles}) > 1:
        raise NodeError("some tiles have alpha, or are more pictures, and some not")
    scale = Fraction(tiles[0].height, min(size, whole.height))
    try:
        planes = (tile.pixels.permute(0, 3, 1, 2) for tile in tiles)
        made = joined(planes, whole.height, whole.width, size, overlap, scale)
    except ValueError as error:
        hint = "Use the size and overlap with which the picture was cut, and all tiles in their order."
        raise NodeError(f"the tiles do not make a picture: {error}", hint=hint) from error
    return Image(torch.clamp(made, 0, 1).permute(0, 2, 3, 1).contiguous())
