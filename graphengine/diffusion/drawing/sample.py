"""Scenes at random, from a numpy generator; some combinations are held out and never sampled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from graphengine.diffusion.drawing.heldout import held_out_combinations, is_held_out
from graphengine.diffusion.drawing.palette import COLOURS, Colour
from graphengine.diffusion.drawing.scene import (
    GROUNDS,
    HOURS,
    PLACES,
    SHAPES,
    Building,
    Figure,
    Landscape,
    Place,
    Scene,
    Shape,
    Still,
    Thing,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares of pictures with one and with two figures; the rest are landscapes."""

    one_figure: float = 0.6
    two_figures: float = 0.25


MIXTURE: Final = Mixture()

HOUSE_COLOURS: tuple[Colour, ...] = ("red", "yellow", "blue", "white")
BOAT_COLOURS: tuple[Colour, ...] = ("red", "black")

_OFFSET = 0.16
_JITTER = 0.03


def sample_scene(rng: np.random.Generator, mixture: Mixture = MIXTURE) -> Scene:
    """One scene of a mixture: one figure, two figures in a relation, or a landscape."""
    kind = rng.random()
    if kind < mixture.one_figure:
        return sample_one(rng)
    if kind < mixture.one_figure + mixture.two_figures:
        return sample_two(rng)
    return sample_landscape(rng)


def sample_one(rng: np.random.Generator) -> Still:
    """Sample one large figure, half of the time centred; never a held-out combination."""
    while True:
        shape, (background, colour) = _choose(rng, SHAPES), _colours(rng, 2)
        if not is_held_out(shape, colour, background):
            return place_one(rng, shape, colour, background)


def sample_held_out(rng: np.random.Generator, index: int) -> Scene:
    """Sample a scene to judge by: two of four have one figure of held-out looks, one two figures, one a landscape."""
    round_, turn = divmod(index, 4)
    if turn == 2:
        return sample_two(rng)
    if turn == 3:
        return sample_landscape(rng)
    combinations = held_out_combinations()
    return place_one(rng, *combinations[(2 * round_ + turn) % len(combinations)])


def place_one(rng: np.random.Generator, shape: Shape, colour: Colour, background: Colour) -> Still:
    """One figure of the given looks at a random place and size."""
    place: Place = "centre" if rng.random() < 0.5 else _choose(rng, PLACES[1:])
    radius = float(rng.uniform(0.2, 0.35 if place == "centre" else 0.28))
    dx, dy = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}.get(place, (0, 0))
    x, y = (0.5 + _OFFSET * axis + float(rng.uniform(-_JITTER, _JITTER)) for axis in (dx, dy))
    return Still(background, (Figure(shape, colour, x, y, radius),))


def sample_two(rng: np.random.Generator) -> Still:
    """Two figures of different colours beside or above one another, on a third colour."""
    background, first, second = _colours(rng, 3)
    step = 0.24 * (1 if rng.random() < 0.5 else -1)
    horizontal = rng.random() < 0.5

    def figure(colour: Colour, side: int) -> Figure:
        along, across = 0.5 + side * step, 0.5 + float(rng.uniform(-_JITTER, _JITTER)) * 2
        x, y = (along, across) if horizontal else (across, along)
        return Figure(_choose(rng, SHAPES), colour, x, y, float(rng.uniform(0.15, 0.2)))

    return Still(background, (figure(first, -1), figure(second, 1)))


def sample_landscape(rng: np.random.Generator) -> Landscape:
    """Sample a landscape with at least one thing or mountain."""
    ground, hour = _choose(rng, GROUNDS), _choose(rng, HOURS)
    kinds: list[Building] = [kind for kind in ("house", "tree") if rng.random() < 0.55]
    if ground == "sea" and rng.random() < 0.4:
        kinds.append("boat")
    slots = (np.array([0.25, 0.75, 0.5]) if rng.random() < 0.5 else np.array([0.75, 0.25, 0.5])).tolist()
    if len(kinds) == 1:
        slots = [_choose(rng, (0.3, 0.5, 0.7))]
    things = tuple(_thing(rng, kind, x) for kind, x in zip(kinds, slots, strict=False))
    peaks: tuple[float, ...] = ()
    if not things or rng.random() < 0.45:
        first = float(rng.uniform(0.2, 0.35))
        peaks = (first, first + float(rng.uniform(0.3, 0.45)))
    light = None
    if rng.random() < 0.6:
        light = (float(rng.uniform(0.15, 0.85)), float(rng.uniform(0.13, 0.2)))
    return Landscape(hour, ground, things, peaks, light)


def _thing(rng: np.random.Generator, kind: Building, x: float) -> Thing:
    """Sample a thing near x, in a colour that its kind may have."""
    colours: Sequence[Colour] = {"house": HOUSE_COLOURS, "boat": BOAT_COLOURS}.get(kind, ("green",))
    size = float(rng.uniform(0.3, 0.38)) if kind != "boat" else float(rng.uniform(0.22, 0.28))
    return Thing(kind, x + float(rng.uniform(-_JITTER, _JITTER)), size, _choose(rng, colours))


def _choose(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of `options`, all equally likely."""
    return options[int(rng.integers(len(options)))]


def _colours(rng: np.random.Generator, count: int) -> tuple[Colour, ...]:
    """`count` different colours of the palette."""
    return tuple(COLOURS[i] for i in rng.permutation(len(COLOURS))[:count])
