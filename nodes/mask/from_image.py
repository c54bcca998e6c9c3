"""Masks read from pictures."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.colour import luma, parse_colour, to_lab
from graphengine.diffusion.types.image import Image, Mask
from graphengine.node.declare import node
from graphengine.node.widgets import Colour, Slider

_CHANNELS = {"red": 0, "green": 1, "blue": 2, "alpha": 3}


@node("mask.from_colour", category="mask", title="Mask from colour")
def from_colour(
    image: Image,
    colour: Annotated[str, Colour()] = "#00ff00",
    tolerance: Annotated[float, Field(ge=0, le=300), Slider(0, 100)] = 20.0,
    softness: Annotated[float, Field(ge=0, le=300), Slider(0, 50)] = 5.0,
) -> Mask:
    """Mark where a picture has about one colour, such as a green screen.

    Inputs:
        colour: as the web writes it: ``#00ff00``, ``teal``, ``hsl(120, 100%, 50%)``.
        tolerance: the distance in CIE L*a*b* that counts as equal; 2 can just be seen, black and white are 100 apart.
        softness: over how much more the mask falls from 1 to 0.

    Errors: the colour cannot be read.

    Source: the distance of CIE 1976.
    """
    wanted = to_lab(parse_colour(colour))
    distance = torch.linalg.vector_norm(to_lab(image.pixels[..., :3]) - wanted, dim=-1)
    return Mask(_falling(distance - tolerance, softness))


@node("mask.from_luminance", category="mask", title="Mask from luminance")
def from_luminance(
    image: Image,
    low: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.5,
    high: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 1.0,
    softness: Annotated[float, Field(ge=0, le=1), Slider(0, 0.5)] = 0.0,
) -> Mask:
    """Mark where a picture is as bright as a range says: 0 to 1 gives all, 0.5 to 1 the lights.

    Inputs:
        low, high: the darkest and the brightest that belong to it, in luma (ITU-R BT.709), 0 to 1.
        softness: over how much outside of the range the mask falls from 1 to 0.
    """
    brightness = luma(image.pixels)
    return Mask(_falling(torch.maximum(low - brightness, brightness - high), softness))


@node("mask.from_channel", category="mask", title="Mask from channel")
def from_channel(image: Image, channel: Literal["red", "green", "blue", "alpha"] = "alpha") -> Mask:
    """Take one channel of a picture as a mask; a picture without alpha is opaque everywhere.

    Inputs:
        channel: which.
    """
    index = _CHANNELS[channel]
    if index >= image.channels:
        return Mask(torch.ones(image.pixels.shape[:3]))
    return Mask(image.pixels[..., index].clamp(0, 1).contiguous())


def _falling(beyond: Tensor, softness: float) -> Tensor:
    """Return 1 up to a bound, and from there a fall to 0 over ``softness``."""
    if softness == 0:
        return (beyond <= 1e-6).float()
    return (1 - beyond / softness).clamp(0, 1)
