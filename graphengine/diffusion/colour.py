"""Colours: written ones, brightness, and the space in which distances are what the eye sees."""

import torch
from PIL import ImageColor
from torch import Tensor

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError

LUMA = (0.2126, 0.7152, 0.0722)
"""The weights of red, green and blue in ITU-R BT.709."""

_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_WHITE = (0.95047, 1.0, 1.08883)  # D65, the white of sRGB
_BEND = 6 / 29


def parse_colour(text: str) -> Tensor:
    """Return red, green and blue in 0..1, fp32 of shape [3], of a colour as the web writes it.

    Args:
        text: ``#rrggbb``, ``#rgb``, ``rgb(255, 0, 0)``, ``hsl(0, 100%, 50%)`` or a name such as ``teal``.

    Raises:
        NodeError: it is none of these.
    """
    try:
        return torch.tensor(ImageColor.getrgb(text.strip())[:3], dtype=torch.float32) / 255
    except ValueError:
        raise NodeError(
            f"{text!r} is no colour", hint="Write #ff8000, a name such as teal, or hsl(30, 100%, 50%)."
        ) from None


def luma(colours: Tensor) -> Tensor:
    """Return the brightness of colours [..., 3 or more] as television weighs it: [...]."""
    return colours[..., :3] @ torch.tensor(LUMA)


def to_linear(colours: Tensor) -> Tensor:
    """Turn sRGB in 0..1 into amounts of light, which add up as light does (IEC 61966-2-1)."""
    return torch.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055).clamp_min(0) ** 2.4)


def from_linear(light: Tensor) -> Tensor:
    """Turn amounts of light into sRGB, clamped to 0..1. The inverse of :func:`to_linear`."""
    coded = torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp_min(0) ** (1 / 2.4) - 0.055)
    return coded.clamp(0, 1)


def recoloured(image: Image, colours: Tensor) -> Image:
    """Return a picture with other colours [batch, height, width, 3], clamped to 0..1, and its own alpha."""
    return Image(torch.cat((colours.clamp(0, 1), image.pixels[..., 3:]), dim=-1))


def to_lab(colours: Tensor) -> Tensor:
    """Turn sRGB in 0..1 into CIE L*a*b*: L* is 0..100, and a distance of about 2 can just be seen.

    Source: IEC 61966-2-1 (sRGB) and CIE 15:2004, section 8.2.1, with the white D65.

    Args:
        colours: [..., 3].
    """
    ratios = to_linear(colours) @ torch.tensor(_TO_XYZ).T / torch.tensor(_WHITE)
    bent = torch.where(ratios > _BEND**3, ratios.clamp_min(0) ** (1 / 3), ratios / (3 * _BEND**2) + 4 / 29)
    x, y, z = bent.unbind(-1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=-1)


def from_lab(lab: Tensor) -> Tensor:
    """Turn CIE L*a*b* into sRGB; what a screen cannot show is clamped to 0..1. The inverse of :func:`to_lab`."""
    lightness, green, blue = lab.unbind(-1)
    y = (lightness + 16) / 116
    bent = torch.stack((y + green / 500, y, y - blue / 200), dim=-1)
    ratios = torch.where(bent > _BEND, bent**3, 3 * _BEND**2 * (bent - 4 / 29))
    light = (ratios * torch.tensor(_WHITE)) @ torch.linalg.inv(torch.tensor(_TO_XYZ)).T
    return from_linear(light)
