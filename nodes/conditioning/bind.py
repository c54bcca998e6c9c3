"""Conditionings bound to places and times."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from graphengine.diffusion.regions import placed, strengthened, timed
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.node.widgets import Slider

Part = Annotated[float, Field(ge=0, le=1), Slider(0, 1)]
Strength = Annotated[float, Field(gt=0, le=100), Slider(0.1, 4)]

_CELLS = 256  # along each side of the mask of an area; it is brought to the cells of the latent anyway


@node("conditioning.mask", category="conditioning", title="Bind to mask")
def mask(conditioning: Conditioning, mask: Mask, strength: Strength = 1.0) -> Conditioning:
    """Let a text count only where a mask is; combine it with texts for the other places.

    Where several texts count they are averaged by their strengths; where none does, all of them count.

    Inputs:
        conditioning: the text.
        mask: a single one, of any size; soft edges fade.
        strength: its weight among the texts that count at a place.

    Errors: there are several masks.
    """
    return strengthened(placed(conditioning, mask), strength)


@node("conditioning.area", category="conditioning", title="Bind to area")
def area(
    conditioning: Conditioning,
    x: Part = 0.0,
    y: Part = 0.0,
    width: Part = 0.5,
    height: Part = 1.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a text count only within a rectangle; combine it with texts for the other places.

    Inputs:
        conditioning: the text.
        x, y: the left upper corner, as parts of the picture's sides: 0.5 is the middle.
        width, height: as parts of the picture's sides.
        strength: its weight among the texts that count at a place.

    Errors: the rectangle is empty or lies outside of the picture.
    """
    across, down = _line(x, width), _line(y, height)
    if not across.any() or not down.any():
        raise NodeError(f"the area {width:g} × {height:g} at ({x:g}, {y:g}) holds nothing of the picture")
    return strengthened(placed(conditioning, Mask(torch.outer(down, across)[None])), strength)


@node("conditioning.time_range", category="conditioning", title="Bind to time")
def time_range(conditioning: Conditioning, start: Part = 0.0, end: Part = 1.0) -> Conditioning:
    """Let a text count only for a part of the way from noise to the picture.

    Early steps decide where things are, late ones how they look. Combine it with texts for the other times; when none
    counts, all of them do.

    Inputs:
        conditioning: the text.
        start, end: 0 is pure noise, 1 the picture; measured by the timesteps of the model, so that it means the same
            for any number of steps and any denoise.

    Errors: the end is not above the start.
    """
    return timed(conditioning, start, end)


@node("conditioning.strength", category="conditioning", title="Strength of conditioning")
def strength(conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Change the weight of a text among those that it is combined with.

    Inputs:
        conditioning: the text; alone it is the same at any strength.
        strength: is multiplied with what it has.
    """
    return strengthened(conditioning, strength)


def _line(start: float, length: float) -> Tensor:
    middles = (torch.arange(_CELLS) + 0.5) / _CELLS
    return ((middles >= start) & (middles < start + length)).float()
