"""The colours of one picture for another."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.colour import from_lab, recoloured, to_lab
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

_STEPS = 512


@node("style.match_colours", category="style", title="Match colours")
def match_colours(
    image: Image,
    reference: Image,
    method: Literal["mean_and_spread", "histogram"] = "mean_and_spread",
    strength: Annotated[float, Field(ge=0, le=1), Slider(0, 1)] = 1.0,
) -> Image:
    """Give pictures the mood of colours of another picture.

    Inputs:
        reference: where the colours come from, of any size; one picture for all, or one for each.
        method: ``mean_and_spread`` moves and stretches lightness and colour as wholes, which is gentle; ``histogram``
            makes every tone as frequent as it is there, which is stronger.
        strength: 0 changes nothing, 1 is the whole change.

    Errors: there are several references, and not as many as pictures.

    Source: Reinhard et al., Color Transfer between Images (2001), in CIE L*a*b*.
    """
    if reference.batch not in {1, image.batch}:
        raise NodeError(f"{reference.batch} references do not fit {image.batch} pictures")
    own, wanted = (to_lab(each.pixels[..., :3]).flatten(1, 2) for each in (image, reference))
    wanted = wanted.expand(image.batch, -1, -1)
    found = _moved(own, wanted) if method == "mean_and_spread" else _matched(own, wanted)
    colours = from_lab(found).reshape(image.pixels[..., :3].shape)
    return recoloured(image, torch.lerp(image.pixels[..., :3], colours, strength))


def _moved(own: Tensor, wanted: Tensor) -> Tensor:
    """Give values [batch, pixels, channels] the means and standard deviations of others."""
    spread = wanted.std(1, keepdim=True, correction=0) / own.std(1, keepdim=True, correction=0).clamp_min(1e-3)
    return (own - own.mean(1, keepdim=True)) * spread + wanted.mean(1, keepdim=True)


def _matched(own: Tensor, wanted: Tensor) -> Tensor:
    """Give each channel of values [batch, pixels, channels] the distribution that others have."""
    ranks = own.argsort(1).argsort(1).float() / max(own.shape[1] - 1, 1)
    ends = torch.linspace(0, wanted.shape[1] - 1, _STEPS).round().long()
    levels = wanted.sort(1).values[:, ends]
    places = ranks * (_STEPS - 1)
    below = places.floor().long().clamp_max(_STEPS - 2)
    return torch.lerp(levels.gather(1, below), levels.gather(1, below + 1), places - below)
