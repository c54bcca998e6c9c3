"""How often a generator draws what it was asked for, read from the pixels of held-out prompts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from graphengine.diffusion.drawing.caption import plain_caption
from graphengine.diffusion.drawing.heldout import held_out_combinations
from graphengine.diffusion.drawing.palette import Colour
from graphengine.diffusion.drawing.sample import place_one, sample_two
from graphengine.diffusion.drawing.scene import Figure, Still, relation
from graphengine.diffusion.evaluation.reader import Picture, Reading, Sighting, lying, read

Generate = Callable[[Sequence[str]], Sequence[Picture]]
"""Draws one picture for each prompt."""

TWO_FIGURE_COUNT = 32

_SEED = 4711


@dataclass(frozen=True, slots=True)
class OneFigure:
    """Shares (0-1) of one-figure pictures with the right background, figure colour, both, and shape."""

    background: float
    colour: float
    both: float
    shape: float


@dataclass(frozen=True, slots=True)
class TwoFigures:
    """Shares (0-1) of two-figure pictures.

    Attributes:
        background: the background is right.
        colours: both figures' colours are there.
        layout: both colours are there and lie to each other as asked.
        shapes: both colours are there and both have the right shape.
    """

    background: float
    colours: float
    layout: float
    shapes: float


@dataclass(frozen=True, slots=True)
class Fidelity:
    """The figures of one generator."""

    one: OneFigure
    two: TwoFigures


def one_figure_stills() -> tuple[Still, ...]:
    """Return the 64 held-out one-figure pictures that are asked for."""
    rng = np.random.default_rng(_SEED)
    return tuple(place_one(rng, *combination) for combination in held_out_combinations())


def two_figure_stills() -> tuple[Still, ...]:
    """Return the 32 two-figure pictures that are asked for, sampled apart from the training pictures."""
    rng = np.random.default_rng(_SEED + 1)
    return tuple(sample_two(rng) for _ in range(TWO_FIGURE_COUNT))


def measure_fidelity(generate: Generate, batch: int = 16) -> Fidelity:
    """Ask `generate` for all held-out pictures, `batch` prompts at a time, and read what it drew."""
    one, two = one_figure_stills(), two_figure_stills()
    pictures = list(_draw(generate, [plain_caption(still) for still in (*one, *two)], batch))
    return Fidelity(score_one(pictures[: len(one)], one), score_two(pictures[len(one) :], two))


def score_one(pictures: Iterable[Picture], stills: Sequence[Still]) -> OneFigure:
    """Compare one-figure pictures with what they should show."""
    rows = []
    for reading, still in _read(pictures, stills):
        (asked,) = still.figures
        seen = reading.figures[0] if reading.figures else None
        background = reading.background == still.background
        colour = seen is not None and seen.colour == asked.colour
        rows.append((background, colour, background and colour, seen is not None and seen.shape == asked.shape))
    return OneFigure(*_shares(rows))


def score_two(pictures: Iterable[Picture], stills: Sequence[Still]) -> TwoFigures:
    """Compare two-figure pictures with what they should show."""
    rows = []
    for reading, still in _read(pictures, stills):
        first, second = still.figures
        seen = {sighting.colour: sighting for sighting in reading.figures[:2]}
        pair = _pair(seen, first, second)
        layout = pair is not None and lying(*pair) == relation(first, second)
        shapes = pair is not None and (pair[0].shape, pair[1].shape) == (first.shape, second.shape)
        rows.append((reading.background == still.background, pair is not None, layout, shapes))
    return TwoFigures(*_shares(rows))


def _pair(seen: dict[Colour, Sighting], first: Figure, second: Figure) -> tuple[Sighting, Sighting] | None:
    """Return the sightings of both figures, by their colours, if both were seen."""
    if first.colour in seen and second.colour in seen:
        return seen[first.colour], seen[second.colour]
    return None


def _draw(generate: Generate, prompts: Sequence[str], batch: int) -> Iterable[Picture]:
    """All pictures, drawn in batches."""
    for start in range(0, len(prompts), batch):
        yield from generate(prompts[start : start + batch])


def _read(pictures: Iterable[Picture], stills: Sequence[Still]) -> Iterable[tuple[Reading, Still]]:
    """Each picture's reading with what was asked for."""
    for picture, still in zip(pictures, stills, strict=True):
        yield read(picture), still


def _shares(rows: Sequence[tuple[bool, ...]]) -> list[float]:
    """Return the share of true values in each column."""
    return [float(share) for share in np.asarray(rows, float).mean(axis=0)]
