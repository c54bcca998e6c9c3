"""Noise: taken away, and added."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import cv2
import numpy as np
import torch
from pydantic import Field
from scipy.ndimage import gaussian_filter, median_filter

from graphengine.diffusion.colour import luma, recoloured
from graphengine.diffusion.noise import generators, successive
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider
from graphengine.types.builtin import Seed

Method = Literal["non_local_means", "bilateral", "median"]

_DEPTH = 65535


@node("enhance.denoise", category="image/enhance")
def denoise(
    image: Image,
    method: Method = "non_local_means",
    strength: Annotated[float, Field(gt=0, le=1), Slider(0.01, 0.3)] = 0.05,
) -> Image:
    """Take noise out of pictures and keep their edges.

    Inputs:
        method: ``non_local_means`` compares small parts of the picture with each other and keeps most detail;
            ``bilateral`` is quicker; ``median`` removes single wrong pixels, as of dust.
        strength: about the standard deviation of the noise in 0 to 1; of ``median`` the size grows with it.

    Source: Buades et al. (2005) and Tomasi & Manduchi (1998), by OpenCV; the median by SciPy.
    """
    clean = partial(_METHODS[method], strength=strength)
    colours = [clean(np.ascontiguousarray(picture)) for picture in image.pixels[..., :3].numpy()]
    return recoloured(image, torch.from_numpy(np.stack(colours).astype(np.float32)))


@node("enhance.grain", category="image/enhance", title="Film grain")
def grain(
    image: Image,
    amount: Annotated[float, Field(ge=0, le=1), Slider(0, 0.3)] = 0.05,
    size: Annotated[float, Field(ge=0, le=16), Slider(0, 4)] = 0.6,
    coloured: bool = False,
    seed: Seed = Seed(0),
) -> Image:
    """Add noise as of film: strongest in the middle tones, none in black and white.

    Inputs:
        amount: the standard deviation in the middle tones, 0 to 1.
        size: of the grains: the standard deviation of their blur in pixels; 0 is a noise of single pixels.
        coloured: whether red, green and blue have a noise of their own.
        seed: of the first picture; each further one has the next.
    """
    shape = (image.height, image.width, 3 if coloured else 1)
    sources = generators(successive(seed, image.batch))
    noise = torch.stack([torch.randn(shape, generator=each) for each in sources])
    if size > 0:
        soft = torch.from_numpy(gaussian_filter(noise.numpy(), (0, size, size, 0), mode="wrap"))
        noise = soft / soft.std(dim=(1, 2), keepdim=True).clamp_min(1e-6)
    brightness = luma(image.pixels).unsqueeze(-1)
    return recoloured(image, image.pixels[..., :3] + amount * noise * 4 * brightness * (1 - brightness))


def _non_local_means(picture: np.ndarray, strength: float) -> np.ndarray:
    levels = (picture.clip(0, 1) * _DEPTH).round().astype(np.uint16)
    heights = [strength * _DEPTH] * 3
    found = cv2.fastNlMeansDenoising(levels, heights, None, 5, 15, cv2.NORM_L1)
    return np.asarray(found, np.float32) / _DEPTH


def _bilateral(picture: np.ndarray, strength: float) -> np.ndarray:
    return np.asarray(cv2.bilateralFilter(picture, 7, 3 * strength, 2.0))


def _median(picture: np.ndarray, strength: float) -> np.ndarray:
    side = 3 + 2 * int(strength * 10)
    found: np.ndarray = median_filter(picture, (side, side, 1), mode="nearest")
    return found


_METHODS: dict[Method, Callable[..., Any]] = {
    "non_local_means": _non_local_means,
    "bilateral": _bilateral,
    "median": _median,
}
