"""One picture over another."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.blending import BlendMode, blended
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider


@node("image.blend", category="image/composite", aliases=("Image composite", "Overlay"))
def blend(
    base: Image,
    layer: Image,
    mode: BlendMode = "normal",
    opacity: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 1.0,
    mask: Mask | None = None,
) -> Image:
    """Lay one picture over another.

    Inputs:
        base, layer: below and above, of equal size; one of them may be a single picture beside a batch.
        mode: how a colour of the layer changes the colour below it.
        opacity: 0 shows only the base, 1 the whole layer.
        mask: where the layer is shown (1) and where not (0); everywhere if not linked.

    Outputs:
        image: has alpha if the base has; alpha of the layer weighs in like the mask.

    Errors: sizes or batches do not fit.

    Source: W3C, Compositing and Blending Level 1 (2024), sections 5.1 and 10, and for the modes that it does
    not have those of image editors; ``add`` is "plus lighter".
    """
    _check_sizes(base, layer, mask)
    below, above = base.pixels[..., :3], layer.pixels[..., :3]
    alpha_below, alpha_above = _alpha(base), _alpha(layer) * opacity
    if mask is not None:
        alpha_above = alpha_above * mask.values.unsqueeze(-1)
    mixed = (1 - alpha_below) * above + alpha_below * blended(mode, below, above)
    alpha = alpha_above + alpha_below * (1 - alpha_above)
    colours = alpha_above * mixed + (1 - alpha_above) * alpha_below * below
    if base.channels == 3:
        return Image(colours.clamp(0, 1))
    straight = torch.where(alpha > 0, colours / alpha.clamp_min(torch.finfo(alpha.dtype).tiny), 0.0)
    return Image(torch.cat((straight, alpha.expand(*straight.shape[:3], 1)), dim=-1).clamp(0, 1))


def _check_sizes(base: Image, layer: Image, mask: Mask | None) -> None:
    sizes = {"the base": base.pixels.shape[:3], "the layer": layer.pixels.shape[:3]}
    if mask is not None:
        sizes["the mask"] = mask.values.shape
    shown = ", ".join(f"{what} is {size[2]} × {size[1]}" for what, size in sizes.items())
    if len({size[1:] for size in sizes.values()}) > 1:
        raise NodeError(f"the sizes differ: {shown}", hint="Put a Resize or Crop before one of them.")
    if len({size[0] for size in sizes.values()} - {1}) > 1:
        counts = ", ".join(f"{what} has {size[0]}" for what, size in sizes.items())
        raise NodeError(f"the batches differ: {counts}", hint="Use batches of equal length, or of a single picture.")


def _alpha(image: Image) -> Tensor:
    return image.pixels[..., 3:] if image.channels == 4 else torch.ones(())
