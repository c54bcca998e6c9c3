"""Pictures mirrored and turned."""

from typing import Annotated, Literal

from PIL.Image import Resampling
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.planes import filtered, map_planes
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("image.flip", category="image/size", aliases=("Mirror",))
def flip(image: Image, direction: Literal["horizontal", "vertical"] = "horizontal") -> Image:
    """Mirror pictures.

    Inputs:
        direction: ``horizontal`` swaps left and right, ``vertical`` swaps top and bottom.
    """
    return Image(image.pixels.flip(2 if direction == "horizontal" else 1))


@node("image.rotate", category="image/size", aliases=("Turn",))
def rotate(
    image: Image,
    angle: Annotated[float, Field(ge=-360, le=360), Slider(-180, 180)] = 90.0,
    expand: bool = True,
) -> Image:
    """Turn pictures counter-clockwise about their middle.

    Multiples of 90° move pixels and are exact; other angles are interpolated (bicubic, by Pillow).
    Corners that become empty are black, or transparent if the picture has alpha.

    Inputs:
        angle: in degrees, counter-clockwise, -360 to 360.
        expand: whether the picture grows so that nothing is cut off; else it keeps its size.
    """
    quarters, rest = divmod(angle, 90)
    if rest == 0 and (expand or quarters % 2 == 0 or image.width == image.height):
        return Image(image.pixels.rot90(int(quarters), dims=(1, 2)).contiguous())

    def change(pixels: Tensor) -> Tensor:
        return map_planes(pixels, lambda plane: plane.rotate(angle, Resampling.BICUBIC, expand=expand))

    return filtered(image, change)
