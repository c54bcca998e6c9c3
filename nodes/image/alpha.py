"""Transparency, and the masks that stand for it."""

from typing import NamedTuple

import torch

from graphengine.diffusion.masks import require_fit
from graphengine.diffusion.types.image import Image, Mask
from graphengine.node.declare import node


@node("image.join_alpha", category="image/composite", aliases=("Join image with alpha", "Transparency"))
def join_alpha(image: Image, mask: Mask) -> Image:
    """Make pictures transparent by a mask.

    Inputs:
        image: a transparency that it has already is replaced.
        mask: of equal size; 1 is opaque, 0 is transparent. A single mask is used for the whole batch.

    Outputs:
        image: with four channels, the last of them alpha.

    Errors: sizes or batches do not fit.
    """
    require_fit(mask, image)
    alpha = mask.values.clamp(0, 1).unsqueeze(-1).expand(*image.pixels.shape[:3], 1)
    return Image(torch.cat((image.pixels[..., :3], alpha), dim=-1))


class Split(NamedTuple):
    """Colours, and where they are opaque."""

    image: Image
    mask: Mask


@node("image.split_alpha", category="image/composite")
def split_alpha(image: Image) -> Split:
    """Take colours and transparency of pictures apart.

    Outputs:
        image: with three channels, the colours as they are, also where they cannot be seen.
        mask: the alpha, 1 where it is opaque; 1 everywhere for a picture without.
    """
    alpha = image.pixels[..., 3] if image.channels == 4 else torch.ones(image.pixels.shape[:3])
    return Split(Image(image.pixels[..., :3].contiguous()), Mask(alpha.clamp(0, 1).contiguous()))


@node("image.invert_mask", category="mask")
def invert_mask(mask: Mask) -> Mask:
    """Swap where a mask is 1 and where it is 0."""
    return Mask(1 - mask.values)
