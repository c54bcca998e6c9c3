"""Sharper pictures, and how sharp they are."""

from typing import Annotated

import torch
from pydantic import Field
from torch.nn import functional

from graphengine.diffusion.colour import luma, recoloured
from graphengine.diffusion.planes import blurred
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Radius = Annotated[float, Field(gt=0, le=100), Slider(0.3, 10)]

_LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))


@node("enhance.sharpen", category="image/enhance")
def sharpen(
    image: Image,
    radius: Radius = 1.5,
    amount: Annotated[float, Field(ge=0, le=10), Slider(0, 3)] = 0.8,
    threshold: Annotated[float, Field(ge=0, le=1), Slider(0, 0.2)] = 0.0,
) -> Image:
    """Make edges stronger by an unsharp mask.

    Inputs:
        radius: the standard deviation of the blur that is compared with, in pixels: about the width of the edges.
        amount: how much of the difference is added; 0 changes nothing.
        threshold: differences below this stay as they are, so that noise is not made stronger.
    """
    colours = image.pixels[..., :3]
    detail = colours - blurred(colours, radius)
    strong = (detail.abs().amax(-1, keepdim=True) >= threshold).float()
    return recoloured(image, colours + amount * strong * detail)


@node("enhance.deblur", category="image/enhance")
def deblur(
    image: Image,
    radius: Radius = 1.5,
    iterations: Annotated[int, Field(ge=1, le=200), Slider(1, 50, 1)] = 12,
) -> Image:
    """Undo a known blur, as of a lens that was slightly out of focus.

    Inputs:
        radius: the standard deviation of the blur in pixels; too large a one makes rings around edges.
        iterations: how far it is undone; noise grows with it.

    Source: Richardson (1972) and Lucy (1974), with a Gaussian.
    """
    seen = image.pixels[..., :3].clamp_min(1e-4)
    guess = seen
    for _ in range(iterations):
        guess = guess * blurred(seen / blurred(guess, radius).clamp_min(1e-4), radius)
    return recoloured(image, guess)


@node("enhance.sharpness", category="image/enhance", title="Sharpness of picture")
def sharpness(image: Image) -> float:
    """Measure how sharp pictures are, to compare a picture before and after; of a batch the mean.

    Outputs:
        value: the variance of the Laplacian of luma in levels of 0 to 255. Photographs below about 100 look blurred;
            noise counts as sharpness, so measure after denoising.

    Source: Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy (2000).
    """
    levels = luma(image.pixels).unsqueeze(1) * 255
    padded = functional.pad(levels, (1, 1, 1, 1), mode="replicate")
    edges = functional.conv2d(padded, torch.tensor(_LAPLACIAN)[None, None])
    return float(edges.flatten(1).var(1, correction=0).mean())
