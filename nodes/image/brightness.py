"""Brightness, contrast, saturation and gamma."""

from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.colour import luma, recoloured
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("image.brightness_contrast", category="image/colour")
def brightness_contrast(
    image: Image,
    brightness: Annotated[float, Field(ge=-1, le=1), Slider(-1, 1)] = 0.0,
    contrast: Annotated[float, Field(ge=0, le=10), Slider(0, 2)] = 1.0,
) -> Image:
    """Change brightness and contrast of pictures.

    Each colour becomes (colour - 0.5) · contrast + 0.5 + brightness, clamped to 0..1. Alpha stays.

    Inputs:
        brightness: -1 (black) to 1 (white); 0 changes nothing.
        contrast: 0 (grey) to 10; 1 changes nothing.
    """
    return recoloured(image, (image.pixels[..., :3] - 0.5) * contrast + 0.5 + brightness)


@node("image.saturation", category="image/colour")
def saturation(image: Image, amount: Annotated[float, Field(ge=0, le=10), Slider(0, 2)] = 1.0) -> Image:
    """Make the colours of pictures stronger or weaker.

    Each colour moves away from, or towards, the grey of its luma (ITU-R BT.709). Alpha stays.

    Inputs:
        amount: 0 (grey) to 10; 1 changes nothing.
    """
    colours = image.pixels[..., :3]
    grey = luma(colours).unsqueeze(-1)
    return recoloured(image, torch.lerp(grey.expand_as(colours), colours, amount))


@node("image.gamma", category="image/colour")
def gamma(image: Image, gamma: Annotated[float, Field(ge=0.01, le=100), Slider(0.25, 4)] = 1.0) -> Image:
    """Make the middle tones of pictures lighter or darker; black and white stay.

    Each colour becomes colour ^ (1 / gamma). Alpha stays.

    Inputs:
        gamma: above 1 is lighter, below 1 darker; 1 changes nothing.
    """
    return recoloured(image, image.pixels[..., :3].pow(1 / gamma))
