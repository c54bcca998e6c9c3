"""Masks to look at."""

from graphengine.diffusion.types.image import Image, Mask
from graphengine.node.declare import node


@node("mask.to_image", category="mask", title="Mask to picture")
def to_image(mask: Mask) -> Image:
    """Show a mask as a picture: white where it is 1, black where it is 0.

    Outputs:
        image: grey, with three channels.
    """
    return Image(mask.values.clamp(0, 1).unsqueeze(-1).repeat(1, 1, 1, 3))
