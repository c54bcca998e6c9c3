"""Pictures of edges, for models that follow them."""

from typing import Annotated

from pydantic import Field

from graphengine.diffusion.hints import HIGH, LOW, edges_of
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Threshold = Annotated[float, Field(ge=0, le=1020), Slider(0, 500, 1)]


@node("control.canny", category="control", title="Canny edges", aliases=("Canny", "Edges", "Preprocessor"))
def canny(image: Image, low: Threshold = LOW, high: Threshold = HIGH) -> Image:
    """Draw the edges of pictures as thin white lines on black, as ControlNets of edges read them.

    Inputs:
        low: how strong an edge must be to go on one that was found. Strengths are those of Sobel's filter on levels of
            0 to 255: a step of one level has about 4, one from black to white 1020.
        high: how strong one must be to be found by itself; if it is below ``low``, they change places.

    Outputs:
        image: black and white, of the same size.

    Source: Canny, A Computational Approach to Edge Detection (1986).
    """
    return Image(edges_of(image.pixels, low, high).unsqueeze(-1).repeat(1, 1, 1, 3))
