"""Room around a picture, for outpainting."""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.planes import LONGEST_SIDE
from graphengine.diffusion.seams import filled
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Fill = Literal["smooth", "edge", "mirror", "grey"]
Room = Annotated[int, Field(ge=0, le=8192), Slider(0, 512, 8)]
Sides = tuple[int, int, int, int]


class Padded(NamedTuple):
    """The larger picture, and what of it is new."""

    image: Image
    mask: Mask


@node("inpaint.pad", category="inpaint", title="Pad for outpainting")
def pad(
    image: Image,
    left: Room = 0,
    top: Room = 0,
    right: Room = 64,
    bottom: Room = 0,
    fill: Fill = "smooth",
    overlap: Annotated[int, Field(ge=0, le=1024), Slider(0, 64, 1)] = 8,
) -> Padded:
    """Make room around pictures, and mark it for sampling.

    Inputs:
        left, top, right, bottom: how many pixels are added there.
        fill: what is put there to begin with: ``smooth`` continues the colours of the edge ever more softly, ``edge``
            repeats its pixels, ``mirror`` reflects the picture, ``grey`` is the middle of all colours.
        overlap: how many pixels of the picture beside the new room are marked too, so that new and old meet softly.

    Outputs:
        image: the larger picture; alpha is opaque in the new room.
        mask: 1 in the new room; it falls to 0 over the overlap.

    Errors: a side would be longer than 16384 pixels.
    """
    sides = (left, right, top, bottom)
    height, width = image.height + top + bottom, image.width + left + right
    if max(height, width) > LONGEST_SIDE:
        raise NodeError(f"the picture would be {width} × {height} pixels", hint=f"No side may exceed {LONGEST_SIDE}.")
    colours = _FILLS[fill](image.pixels[..., :3].permute(0, 3, 1, 2), sides).permute(0, 2, 3, 1)
    alpha = functional.pad(image.pixels[..., 3:], (0, 0, *sides), value=1.0)
    mask = _marked(height, width, sides, overlap).expand(image.batch, -1, -1).contiguous()
    return Padded(Image(torch.cat((colours, alpha), dim=-1).contiguous()), Mask(mask))


def _marked(height: int, width: int, sides: Sides, overlap: int) -> Tensor:
    left, right, top, bottom = sides
    rows, columns = torch.arange(height), torch.arange(width)
    beyond = [side for side, room in ((columns - left, left), (width - right - 1 - columns, right)) if room]
    below = [side for side, room in ((rows - top, top), (height - bottom - 1 - rows, bottom)) if room]
    far = torch.full((height, width), float(max(height, width)))
    for across in beyond:
        far = far.minimum(across.float()[None, :])
    for down in below:
        far = far.minimum(down.float()[:, None])
    return (1 - (far + 1) / (overlap + 1)).clamp(0, 1)[None]


def _smooth(planes: Tensor, sides: Sides) -> Tensor:
    padded = functional.pad(planes, sides)
    hole = functional.pad(torch.zeros(1, *planes.shape[-2:]), sides, value=1.0)
    return filled(padded.permute(0, 2, 3, 1), hole).permute(0, 3, 1, 2)


def _mirror(planes: Tensor, sides: Sides) -> Tensor:
    """Reflect, again and again where there is more room than picture."""
    left, right, top, bottom = sides
    columns = _reflected(planes.shape[-1], left, right)
    return planes[..., _reflected(planes.shape[-2], top, bottom), :][..., columns]


def _reflected(length: int, before: int, after: int) -> Tensor:
    places = torch.arange(-before, length + after) % (2 * length)
    return torch.where(places < length, places, 2 * length - 1 - places)


_FILLS: dict[Fill, Callable[[Tensor, Sides], Tensor]] = {
    "smooth": _smooth,
    "edge": lambda planes, sides: functional.pad(planes, sides, mode="replicate"),
    "mirror": _mirror,
    "grey": lambda planes, sides: functional.pad(planes, sides, value=0.5),
}
