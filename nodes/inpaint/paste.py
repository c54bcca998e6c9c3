"""Putting a changed part back."""

from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.masks import require_fit
from graphengine.diffusion.seams import pasted
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("inpaint.paste_back", category="inpaint", title="Paste back")
def paste_back(
    original: Image,
    changed: Image,
    mask: Mask,
    feather: Annotated[float, Field(ge=0, le=1000), Slider(0, 64)] = 4.0,
    match_seam: bool = True,
) -> Image:
    """Put what was changed within a mask back into the picture it came from, without a seam.

    An autoencoder changes every pixel a little. After this node those outside of the mask are the original ones, to
    the bit.

    Inputs:
        original: the picture before; its alpha is kept.
        changed: the picture after, of equal size; one of the two may be a single picture beside a batch.
        mask: where the change counts (1) and where not (0).
        feather: over how many pixels within the edge of the mask the change sets in; 0 is a hard edge.
        match_seam: move the colours inside so that they agree with the original along the edge.

    Errors: sizes or batches do not fit.

    Source: Pérez et al., Poisson Image Editing (2003), solved approximately.
    """
    sizes = [(each.width, each.height) for each in (original, changed)]
    if sizes[0] != sizes[1] or len({original.batch, changed.batch} - {1}) > 1:
        shown = " and ".join(f"{each.batch} × {each.width} × {each.height}" for each in (original, changed))
        raise NodeError(
            f"pictures of {shown} do not fit each other", hint="Resize the changed picture to the original."
        )
    batch = max(original.batch, changed.batch)
    colours = original.pixels[..., :3].expand(batch, -1, -1, -1)
    require_fit(mask, Image(colours))
    result = pasted(colours, changed.pixels[..., :3].expand(batch, -1, -1, -1), mask.values, feather, match=match_seam)
    alpha = original.pixels[..., 3:].expand(batch, -1, -1, -1)
    return Image(torch.cat((result, alpha), dim=-1))
