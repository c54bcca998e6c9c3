"""Soft pictures."""

from typing import Annotated

import torch
from pydantic import Field
from scipy.ndimage import gaussian_filter
from torch import Tensor

from graphengine.diffusion.planes import filtered
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

    def change(pixels: Tensor) -> Tensor:
        sigma = (0, radius, radius, 0)
        return torch.from_numpy(gaussian_filter(pixels.numpy(), sigma, mode="nearest", truncate=4.0))

    return filtered(image, change)
