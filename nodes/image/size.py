"""How large pictures are."""

from typing import NamedTuple

from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node


class Size(NamedTuple):
    """Width and height in pixels, and how many pictures."""

    width: int
    height: int
    batch: int


@node("image.size", category="image/size", title="Image size", aliases=("Get image size", "Width and height"))
def size(image: Image) -> Size:
    """Tell the width and height of pictures in pixels, and how many of them there are."""
    return Size(image.width, image.height, image.batch)
