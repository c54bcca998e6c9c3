"""Reads a still picture back from its pixels: background, and each figure's colour, place and shape.

Nothing here knows what was asked for, so a reading is evidence. Every pixel takes the palette's nearest
colour; antialiased edges, where a blend of two colours may look like a third, are left out; a shape is the
true outline that overlaps best (Jaccard index) when both are stretched to one box.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from graphengine.diffusion.drawing.palette import COLOURS, PALETTE, Colour
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.scene import SHAPES, Figure, Relation, Shape, Still, relation

Picture = NDArray[np.uint8]
"""Shape (height, width, 3), values 0-255 (sRGB)."""

Mask = NDArray[np.bool_]
"""Shape (height, width)."""

SMALLEST_SHARE = 0.006
"""Share of the picture's area from which on a patch of colour counts as a figure."""

_BORDER = 0.04
_GRID = 48


@dataclass(frozen=True, slots=True)
class Sighting:
    """One figure as seen: its colour, its shape, its centre and its share of the picture's area.

    The centre (x, y) is that of its bounding box, as fractions of the sides, y downwards.
    """

    colour: Colour
    shape: Shape
    x: float
    y: float
    area: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture shows: its background and its figures, the largest first."""

    background: Colour
    figures: tuple[Sighting, ...]


def read(picture: Picture) -> Reading:
    """Read a picture of flat figures on a plain background.

    Args:
        picture: shape (height, width, 3), 0-255, at least 16 pixels a side.

    Returns:
        The reading; `figures` is empty if nothing stands out from the background.
    """
    names = _nearest(picture)
    background = _background(names)
    solid = ndimage.maximum_filter(names, 3) == ndimage.minimum_filter(names, 3)
    sightings = []
    for number, colour in enumerate(COLOURS):
        patch = solid & (names == number)
        share = float(patch.mean())
        if colour != background and share >= SMALLEST_SHARE:
            sightings.append(_sight(picture, patch, colour, background))
    return Reading(background, tuple(sorted(sightings, key=lambda sighting: -sighting.area)))


def lying(first: Sighting, second: Sighting) -> Relation:
    """How one sighting lies to another, by the scene's own rule."""
    one, two = (Figure(each.shape, each.colour, each.x, each.y, 0.0) for each in (first, second))
    return relation(one, two)


def _nearest(picture: Picture) -> NDArray[np.intp]:
    """Return the number of the nearest palette colour for every pixel, by squared distance in RGB."""
    palette = np.array([PALETTE[colour] for colour in COLOURS], np.int32)
    distances = ((picture[:, :, None, :].astype(np.int32) - palette) ** 2).sum(axis=-1)
    names: NDArray[np.intp] = distances.argmin(axis=-1)
    return names


def _background(names: NDArray[np.intp]) -> Colour:
    """Return the commonest colour along the picture's border."""
    border = max(1, round(_BORDER * min(names.shape)))
    frame = np.ones(names.shape, bool)
    frame[border:-border, border:-border] = False
    return COLOURS[int(np.bincount(names[frame]).argmax())]


def _sight(picture: Picture, patch: Mask, colour: Colour, background: Colour) -> Sighting:
    """See a figure by the solid pixels of its colour; its outline is where that outweighs the background."""
    grown = ndimage.binary_dilation(patch, iterations=3)
    fore, back = (np.array(PALETTE[name], float) for name in (colour, background))
    weight = (picture - back) @ (fore - back) / ((fore - back) @ (fore - back))
    mask = grown & (weight > 0.5)
    top, bottom, left, right = _bounds(mask if mask.any() else patch)
    height, width = patch.shape
    return Sighting(
        colour=colour,
        shape=_shape(mask if mask.any() else patch),
        x=(left + right) / 2 / width,
        y=(top + bottom) / 2 / height,
        area=float(mask.mean()),
    )


def _shape(mask: Mask) -> Shape:
    """Return the shape whose true outline overlaps best with the mask, both stretched to one box."""
    seen = _normalised(mask)

    def overlap(shape: Shape) -> float:
        true = _templates()[shape]
        return float((seen & true).sum() / (seen | true).sum())

    return max(SHAPES, key=overlap)


@cache
def _templates() -> Mapping[Shape, Mask]:
    """Return the normalised mask of every shape, from a true picture of it."""
    stills = {shape: Still("white", (Figure(shape, "black", 0.5, 0.5, 0.4),)) for shape in SHAPES}
    return MappingProxyType(
        {shape: _normalised(render(still, 128).mean(axis=-1) < 128) for shape, still in stills.items()}
    )


def _normalised(mask: Mask) -> Mask:
    """Return the mask's bounding box, stretched to a small square grid."""
    top, bottom, left, right = _bounds(mask)
    box = Image.fromarray(mask[top:bottom, left:right].astype(np.uint8) * 255)
    normal: Mask = np.asarray(box.resize((_GRID, _GRID), Image.Resampling.BILINEAR)) > 127
    return normal


def _bounds(mask: Mask) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of the box around the true pixels (bottom, right exclusive)."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
