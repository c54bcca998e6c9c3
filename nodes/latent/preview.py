"""Latents to look at, without a model."""

import io

import torch
from torch import Tensor

from graphengine.diffusion.images import sheet, to_pil
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.node.context import Context, Preview
from graphengine.node.declare import injected, node


@node("latent.preview", category="latent", title="Preview latent", sink=True)
def preview(latent: Latent, *, context: Context = injected) -> Latent:
    """Show latents as small pictures, one pixel for each cell, without decoding them.

    The colours are the three directions in which the channels differ most (principal components), so any model's
    latents can be looked at: shapes and noise are seen, true colours are not.

    Outputs:
        latent: what came in, to go on with.
    """
    context.preview(lambda: _shown(latent))
    return latent


def _shown(latent: Latent) -> Preview:
    (picture,) = to_pil(sheet(Image(_colours(latent.samples))))
    content = io.BytesIO()
    picture.save(content, "webp", lossless=True)
    return Preview("image/webp", content.getvalue(), picture.width, picture.height)


def _colours(samples: Tensor) -> Tensor:
    """Map latents [batch, channels, height, width] to colours [batch, height, width, 3] in 0..1."""
    cells = samples.permute(0, 2, 3, 1)
    flat = cells.reshape(-1, cells.shape[-1])
    centred = flat - flat.mean(dim=0)
    _, directions = torch.linalg.eigh(centred.T @ centred)
    axes = directions.flip(1)[:, :3]
    found = centred @ (axes * axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)).sign())
    if found.shape[1] < 3:  # fewer channels than colours
        found = torch.cat([found, found.new_zeros(len(found), 3 - found.shape[1])], dim=1)
    spread = found.std(dim=0, correction=0).clamp(min=1e-6)
    colours: Tensor = (0.5 + found / (4 * spread)).clamp(0, 1)
    return colours.reshape(*cells.shape[:-1], 3)
