"""Pictures of one colour."""

from typing import Annotated

from graphengine.diffusion.colour import parse_colour
from graphengine.diffusion.planes import Side
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Colour


@node("image.solid", category="image", title="Solid colour")
def solid(width: Side = 512, height: Side = 512, colour: Annotated[str, Colour()] = "#808080") -> Image:
    """Make a picture of one colour.

    Inputs:
        width, height: in pixels, 1 to 16384.
        colour: as the web writes it: ``#808080``, ``teal``, ``hsl(180, 100%, 25%)``.

    Errors: the colour cannot be read.
    """
    return Image(parse_colour(colour).repeat(1, height, width, 1))
