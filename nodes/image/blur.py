"""Soft pictures."""

from functools import partial
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.planes import blurred, filtered
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("image.blur", category="image/filter")
def blur(image: Image, radius: Annotated[float, Field(ge=0, le=1000), Slider(0, 100)] = 1.0) -> Image:
    """Blur pictures with a Gaussian kernel.

    The kernel is cut off at four standard deviations; beyond its edge a picture goes on with its last pixels.

    Inputs:
        radius: the standard deviation in pixels, 0 (no change) to 1000.
    """
    if radius == 0:
        return image
    return filtered(image, partial(blurred, radius=radius))
