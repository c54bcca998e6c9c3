"""Masks that are drawn."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.masks import ellipse
from graphengine.diffusion.planes import Side
from graphengine.diffusion.types.image import Mask
from graphengine.node.declare import node

Place = Annotated[float, Field(ge=-16384, le=16384)]
Extent = Annotated[float, Field(gt=0, le=32768)]


@node("mask.shape", category="mask", title="Mask of a shape")
def shape(
    width: Side = 512,
    height: Side = 512,
    kind: Literal["rectangle", "ellipse"] = "rectangle",
    x: Place = 128,
    y: Place = 128,
    across: Extent = 256,
    down: Extent = 256,
) -> Mask:
    """Draw a mask: 1 inside of a rectangle or an ellipse, with smooth edges.

    Inputs:
        width, height: of the mask, in pixels.
        kind: ``rectangle``, or the ``ellipse`` within it.
        x, y: the left upper corner of the rectangle in pixels; fractions and places outside are allowed.
        across, down: its width and height in pixels.
    """
    columns, rows = torch.arange(width) + 0.5, torch.arange(height) + 0.5
    if kind == "rectangle":
        return Mask(torch.outer(_covered(rows, y, down), _covered(columns, x, across))[None])
    return Mask(ellipse(width, height, x, y, across, down)[None])


@node("mask.gradient", category="mask", title="Mask with a gradient")
def gradient(
    width: Side = 512,
    height: Side = 512,
    direction: Literal["right", "left", "down", "up"] = "right",
    start: Annotated[float, Field(ge=0, le=1)] = 0.0,
    end: Annotated[float, Field(ge=0, le=1)] = 1.0,
) -> Mask:
    """Draw a mask that rises evenly from 0 to 1.

    Inputs:
        width, height: of the mask, in pixels.
        direction: where it is going to.
        start, end: where the rise begins and ends, as parts of the way, 0 to 1; equal ones make a hard edge.
    """
    across = direction in {"right", "left"}
    length = width if across else height
    places = (torch.arange(length) + 0.5) / length
    line = ((places - start) / max(end - start, 1e-6)).clamp(0, 1)
    if direction in {"left", "up"}:
        line = line.flip(0)
    grid = line[None, :] if across else line[:, None]
    return Mask(grid.expand(height, width)[None].contiguous())


def _covered(middles: Tensor, start: float, length: float) -> Tensor:
    """Return how much of each pixel along a side lies within an interval."""
    return ((middles + 0.5).clamp_max(start + length) - (middles - 0.5).clamp_min(start)).clamp(0, 1)
