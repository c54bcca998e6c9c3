"""A picture laid over another at a place."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.blending import BlendMode
from graphengine.diffusion.masks import require_fit
from graphengine.diffusion.types.image import Image, Mask
from graphengine.node.declare import node
from graphengine.node.widgets import Slider
from nodes.image.blend import blend

Offset = Annotated[int, Field(ge=-32768, le=32768)]


@node("image.layer", category="image/composite", title="Place layer")
def layer(
    base: Image,
    layer: Image,
    x: Offset = 0,
    y: Offset = 0,
    mode: BlendMode = "normal",
    opacity: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 1.0,
    mask: Mask | None = None,
) -> Image:
    """Lay a picture of any size over another, at a place; what lies outside is cut off.

    Inputs:
        base, layer: below and above; one of them may be a single picture beside a batch.
        x, y: where the left upper corner of the layer comes to lie on the base, in pixels; may be negative.
        mode: how a colour of the layer changes the colour below it.
        opacity: 0 shows only the base, 1 the whole layer.
        mask: of the size of the layer: where it is shown (1) and where not (0).

    Outputs:
        image: of the size of the base. An opaque base is unchanged, to the bit, where the layer does not lie.

    Errors: the batches do not fit, or the mask does not fit the layer.

    Source: as for Blend.
    """
    colours, alpha = layer.pixels[..., :3], layer.pixels[..., 3:]
    if mask is not None:
        require_fit(mask, layer)
        shown = mask.values.unsqueeze(-1)
        alpha = shown * alpha if layer.channels == 4 else shown
    elif layer.channels == 3:
        alpha = torch.ones(*colours.shape[:3], 1)
    batch = max(colours.shape[0], alpha.shape[0])
    pixels = torch.cat([each.expand(batch, -1, -1, -1) for each in (colours, alpha)], dim=-1)
    return blend(base, Image(_placed(pixels, x, y, base.width, base.height)), mode, opacity)


def _placed(pixels: Tensor, x: int, y: int, width: int, height: int) -> Tensor:
    """Put pixels at a place of a transparent canvas."""
    canvas = torch.zeros(pixels.shape[0], height, width, pixels.shape[3])
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + pixels.shape[2], width), min(y + pixels.shape[1], height)
    if left < right and top < bottom:
        canvas[:, top:bottom, left:right] = pixels[:, top - y : bottom - y, left - x : right - x]
    return canvas
