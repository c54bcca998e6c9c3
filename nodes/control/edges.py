"""Pictures of edges, for models that follow them."""

from typing import Annotated

import cv2
import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.colour import luma
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Threshold = Annotated[float, Field(ge=0, le=1020), Slider(0, 500, 1)]


@node("control.canny", category="control", title="Canny edges", aliases=("Canny", "Edges", "Preprocessor"))
def canny(image: Image, low: Threshold = 100.0, high: Threshold = 200.0) -> Image:
    """Draw the edges of pictures as thin white lines on black, as ControlNets of edges read them.

    Inputs:
        low: how strong an edge must be to go on one that was found. Strengths are those of Sobel's filter on levels of
            0 to 255: a step of one level has about 4, one from black to white 1020.
        high: how strong one must be to be found by itself; if it is below ``low``, they change places.

    Outputs:
        image: black and white, of the same size.

    Source: Canny, A Computational Approach to Edge Detection (1986).
    """
    levels = (luma(image.pixels).clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    edges = np.stack([cv2.Canny(each, low, high, L2gradient=True) for each in levels])
    return Image(torch.from_numpy(edges).float().div(255).unsqueeze(-1).repeat(1, 1, 1, 3))
