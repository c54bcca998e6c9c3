"""Filters on pictures one channel at a time, in floating point, with transparency treated as it must be."""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import torch
from PIL import Image as Pil
from PIL.Image import Resampling
from pydantic import Field
from scipy.ndimage import gaussian_filter
from torch import Tensor

from graphengine.diffusion.types.image import Image

LONGEST_SIDE = 16384
"""The pixels that a side of a picture may have."""

Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]
"""A side of a picture or a mask, in pixels."""

Method = Literal["nearest", "bilinear", "bicubic", "lanczos", "area"]
"""How pictures are made larger or smaller."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

FILTERS: dict[Method, Resampling] = {
    "nearest": Resampling.NEAREST,
    "bilinear": Resampling.BILINEAR,
    "bicubic": Resampling.BICUBIC,
    "lanczos": Resampling.LANCZOS,
    "area": Resampling.BOX,
}
"""The filters of Pillow."""

_LEAST_ALPHA = 1e-6


def filtered(image: Image, change: Callable[[Tensor], Tensor]) -> Image:
    """Return ``image`` after a linear filter that mixes neighbouring pixels, clamped to 0..1.

    Colours are weighted by their alpha while they are mixed: otherwise the colour of what cannot be seen
    would bleed into the edges of what can (Porter & Duff 1984).

    Args:
        image: three channels, or four with alpha.
        change: from pixels to pixels, both [batch, height, width, channels], of any size; must not write.
    """
    if image.channels == 3:
        return Image(change(image.pixels).clamp(0, 1))
    colours, alpha = image.pixels[..., :3], image.pixels[..., 3:]
    mixed = change(torch.cat((colours * alpha, alpha), dim=-1))
    weight = mixed[..., 3:]
    straight = torch.where(weight > _LEAST_ALPHA, mixed[..., :3] / weight.clamp_min(_LEAST_ALPHA), 0.0)
    return Image(torch.cat((straight, weight), dim=-1).clamp(0, 1))


def blurred(pixels: Tensor, radius: float) -> Tensor:
    """Blur pixels [batch, height, width, channels] with a Gaussian kernel, cut off at four standard deviations.

    Beyond its edge a picture goes on with its last pixels.

    Args:
        radius: the standard deviation in pixels.
    """
    return torch.from_numpy(gaussian_filter(pixels.numpy(), (0, radius, radius, 0), mode="nearest", truncate=4.0))


def map_planes(pixels: Tensor, change: Callable[[Pil.Image], Pil.Image]) -> Tensor:
    """Apply a function of PIL to every channel of every picture, as 32-bit floating point (mode F).

    Args:
        pixels: [batch, height, width, channels].
        change: from a picture to a picture, always of the same size for the same size.

    Returns:
        New pixels [batch, new height, new width, channels].
    """
    batch, height, width, channels = pixels.shape
    planes = pixels.permute(0, 3, 1, 2).reshape(-1, height, width).numpy()
    changed = torch.from_numpy(np.stack([np.asarray(change(Pil.fromarray(plane))) for plane in planes]))
    return changed.reshape(batch, channels, *changed.shape[1:]).permute(0, 2, 3, 1).contiguous()


def resized(image: Image, width: int, height: int, method: Method = "lanczos", box: Box | None = None) -> Image:
    """Return pictures of another size; where they become smaller the filter becomes wider.

    Args:
        width, height: in pixels.
        method: the filter.
        box: what of each picture is taken; None takes all of it.
    """
    if box is None and (width, height) == (image.width, image.height):
        return image

    def change(pixels: Tensor) -> Tensor:
        return map_planes(pixels, lambda plane: plane.resize((width, height), FILTERS[method], box))

    return filtered(image, change)
