"""Stills of three to five figures, some of them alike: for counting."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from graphengine.diffusion.drawing.heldout import is_held_out
from graphengine.diffusion.drawing.palette import COLOURS, Colour
from graphengine.diffusion.drawing.scene import SHAPES, Figure, Shape, Still

FEWEST: Final = 3
MOST: Final = 5

NUMBERS: Mapping[int, str] = MappingProxyType({2: "two", 3: "three", 4: "four", 5: "five"})
"""How many alike figures there may be, in words; one has an article."""

Looks = tuple[Shape, Colour]

_ACROSS = 3  # cells beside one another, each with room for one figure
_KINDS = (0.5, 0.3, 0.2)  # how often there are figures of one, two and three looks
_REACH = 1.1  # how far the farthest tip of a shape is from its centre, in radii
_MARGIN = 0.01


def sample_several(rng: np.random.Generator) -> Still:
    """Sample three to five figures that do not touch, of one to three looks; none are of a held-out combination."""
    count = int(rng.integers(FEWEST, MOST + 1))
    kinds = 1 + int(rng.choice(len(_KINDS), p=_KINDS))
    background, looks = _looks(rng, kinds)
    each = [*looks, *(looks[int(rng.integers(kinds))] for _ in range(count - kinds))]
    cells = rng.permutation(_ACROSS**2)[:count].tolist()
    return Still(background, tuple(_placed(rng, *look, cell) for look, cell in zip(each, cells, strict=True)))


def grouped(figures: Sequence[Figure]) -> Mapping[Looks, int]:
    """Return how many figures there are of each look, in the order in which the looks come first."""
    return Counter((each.shape, each.colour) for each in figures)


def _looks(rng: np.random.Generator, count: int) -> tuple[Colour, list[Looks]]:
    """Choose a background and looks in different colours before it."""
    while True:
        background, *colours = (COLOURS[index] for index in rng.permutation(len(COLOURS))[: count + 1])
        looks = [(SHAPES[int(rng.integers(len(SHAPES)))], colour) for colour in colours]
        if not any(is_held_out(shape, colour, background) for shape, colour in looks):
            return background, looks


def _placed(rng: np.random.Generator, shape: Shape, colour: Colour, cell: int) -> Figure:
    """Put a figure somewhere into its cell."""
    radius = float(rng.uniform(0.1, 0.135))
    room = 0.5 / _ACROSS - _REACH * radius - _MARGIN
    row, column = divmod(cell, _ACROSS)
    x, y = ((place + 0.5) / _ACROSS + float(rng.uniform(-room, room)) for place in (column, row))
    return Figure(shape, colour, x, y, radius)
