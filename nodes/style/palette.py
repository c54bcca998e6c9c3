"""Palettes: the few colours that make a picture."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from scipy.cluster.vq import kmeans2
from torch import Tensor

from graphengine.diffusion.colour import from_lab, parse_colour, recoloured, to_lab
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

_SAMPLES = 20_000


@node("style.take_palette", category="style", title="Take palette")
def take_palette(image: Image, colours: Annotated[int, Field(ge=1, le=64), Slider(2, 16, 1)] = 6) -> list[str]:
    """Find the colours that make a picture, the most frequent first.

    Inputs:
        image: of a batch all pictures count.
        colours: how many at most; a picture may have fewer.

    Outputs:
        values: as the web writes them, such as ``#1a2b3c``.

    Source: k-means (Lloyd 1982) with the start of Arthur & Vassilvitskii (2007) in CIE L*a*b*, by SciPy.
    """
    lab = to_lab(image.pixels[..., :3]).reshape(-1, 3)
    some = lab[:: max(1, len(lab) // _SAMPLES)].double().numpy()
    distinct = len(np.unique(some.round(3), axis=0))
    centres, nearest = kmeans2(some, min(colours, distinct), iter=30, minit="++", missing="warn", seed=0)
    counts = np.bincount(nearest, minlength=len(centres))
    order = [index for index in np.argsort(-counts, kind="stable") if counts[index]]
    return [_written(each) for each in from_lab(torch.from_numpy(centres[order]).float())]


@node("style.apply_palette", category="style", title="Apply palette")
def apply_palette(
    image: Image,
    palette: list[str],
    softness: Annotated[float, Field(ge=0, le=100), Slider(0, 40)] = 8.0,
    keep_light: bool = True,
) -> Image:
    """Let a picture have the colours of a palette only, each pixel that which is nearest.

    Inputs:
        palette: colours as the web writes them, such as those of Take palette.
        softness: over which distance in CIE L*a*b* neighbouring colours flow into each other; 0 makes hard areas.
        keep_light: keep the lightness of each pixel and take only its hue and colourfulness from the palette.

    Errors: the palette is empty, or a colour cannot be read.
    """
    if not palette:
        raise NodeError("the palette has no colour", hint="Take one from a picture, or write some, such as #336699.")
    wanted = to_lab(torch.stack([parse_colour(each) for each in palette]))
    lab = to_lab(image.pixels[..., :3])
    distance = torch.cdist(lab.reshape(-1, 3), wanted)
    shares = torch.softmax(-2 * distance / max(softness, 1e-4), dim=-1)
    found = (shares @ wanted).reshape(lab.shape)
    if keep_light:
        found = torch.cat((lab[..., :1], found[..., 1:]), dim=-1)
    return recoloured(image, from_lab(found))


@node("style.show_palette", category="style", title="Show palette")
def show_palette(palette: list[str], size: Annotated[int, Field(ge=1, le=1024)] = 64) -> Image:
    """Show the colours of a palette side by side.

    Inputs:
        palette: colours as the web writes them.
        size: of each square, in pixels.

    Errors: the palette is empty, or a colour cannot be read.
    """
    if not palette:
        raise NodeError("the palette has no colour", hint="Write some, such as #336699.")
    squares = torch.stack([parse_colour(each) for each in palette]).repeat_interleave(size, 0)
    return Image(squares.expand(size, -1, -1)[None].contiguous())


def _written(colour: Tensor) -> str:
    return "#" + "".join(f"{level:02x}" for level in (colour * 255).round().int().tolist())
