"""Latents of another size, and batches of them."""

from dataclasses import replace
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Method = Literal["nearest", "bilinear", "bicubic"]

_NAMES = {"nearest": "nearest-exact", "bilinear": "bilinear", "bicubic": "bicubic"}
_LARGEST = 4096  # cells along a side


@node("latent.scale", category="latent", title="Scale latent")
def scale(
    latent: Latent,
    factor: Annotated[float, Field(gt=0, le=16), Slider(0.5, 4)] = 2.0,
    method: Method = "nearest",
) -> Latent:
    """Make a latent larger or smaller, for a second pass that adds detail.

    A scaled latent is not that of a scaled picture: sample it again, with denoise of about 0.5. To keep more of the
    picture, decode it, scale the picture, encode it, and sample with less.

    Inputs:
        factor: above 0; 2 doubles width and height. Sides are rounded to whole cells.
        method: ``nearest`` repeats cells, ``bilinear`` and ``bicubic`` are smoother and need more denoising.

    Outputs:
        latent: with its mask, surroundings and given frames, if it has some, scaled too; noise of its own is left out.

    Errors: a side would be longer than 4096 cells.
    """
    height, width = (max(1, round(side * factor)) for side in latent.samples.shape[-2:])
    if max(height, width) > _LARGEST:
        raise NodeError(f"the latent would be {width} × {height} cells", hint=f"No side may exceed {_LARGEST} cells.")

    def scaled(cells: Tensor) -> Tensor:
        smooth = {} if method == "nearest" else {"antialias": factor < 1}
        planes = cells.flatten(0, -4)  # a video's cells in time are pictures of few channels
        larger = functional.interpolate(planes, size=(height, width), mode=_NAMES[method], **smooth)
        return larger.reshape(*cells.shape[:-2], height, width).contiguous()

    around = None if latent.surroundings is None else scaled(latent.surroundings)
    given = None if latent.given is None else replace(latent.given, latents=scaled(latent.given.latents))
    return replace(latent, samples=scaled(latent.samples), surroundings=around, noise=None, given=given)


@node("latent.repeat", category="latent", title="Repeat latent")
def repeat(latent: Latent, count: Annotated[int, Field(ge=1, le=256)] = 2) -> Latent:
    """Make a batch of copies of a latent, so that sampling makes variants: each gets the next seed.

    Noise of its own would make all of them alike, and is left out.

    Inputs:
        latent: one, or a batch that is repeated as a whole.
        count: how often it is there in the end.
    """
    mask = latent.mask
    if mask is not None and mask.values.shape[0] > 1:
        mask = Mask(mask.values.repeat(count, 1, 1))
    times = (count, *(1,) * (latent.samples.ndim - 1))
    around = None if latent.surroundings is None else latent.surroundings.repeat(times)
    given = None if latent.given is None else latent.given.repeated(count)
    return replace(
        latent, samples=latent.samples.repeat(times), mask=mask, surroundings=around, noise=None, given=given
    )


@node("latent.blend", category="latent", title="Blend latents")
def blend(a: Latent, b: Latent, amount: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 0.5) -> Latent:
    """Mix two latents of one kind and size.

    Inputs:
        a, b: of one model, size and batch.
        amount: 0 is a alone, 1 is b alone. What is in between is less noisy than both; its mask is that of a.

    Errors: they are not of one kind and size.
    """
    if (a.family, a.spec, a.samples.shape) != (b.family, b.spec, b.samples.shape):
        raise NodeError(
            "the latents are not of one kind and size", hint="Scale one of them, or make it by the same VAE."
        )
    return replace(a, samples=torch.lerp(a.samples, b.samples, amount))
