"""Scene to plain English, in one of several phrasings chosen at random."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

import numpy as np

from graphengine.diffusion.drawing.palette import Colour
from graphengine.diffusion.drawing.scene import (
    Figure,
    Ground,
    Landscape,
    Place,
    Portrait,
    Relation,
    Scene,
    Still,
    Thing,
    relation,
)
from graphengine.diffusion.drawing.several import FEWEST, MOST, NUMBERS, grouped

LARGE, SMALL = 0.29, 0.24
"""Radii above which one figure may be called large, and below which small."""

_PLACES: Mapping[Place, str] = MappingProxyType(
    {
        "centre": "in the centre",
        "left": "on the left",
        "right": "on the right",
        "top": "at the top",
        "bottom": "at the bottom",
    }
)
_INVERSE: Mapping[Relation, Relation] = MappingProxyType(
    {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
)
_GROUNDS: Mapping[Ground, tuple[str, ...]] = MappingProxyType(
    {
        "meadow": ("on a meadow", "on green grass"),
        "sea": ("by the sea", "on the beach by the sea"),
        "desert": ("in the desert", "on sand in the desert"),
        "snow": ("in the snow", "on white snow"),
    }
)


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Describe `scene` truly, in lower-case English without a full stop.

    Args:
        scene: what to describe; a still has one to five figures.
        rng: chooses the phrasing, and which facts are left out.

    Raises:
        ValueError: if a still has none or more than five figures.
    """
    match scene:
        case Still(background, (figure,)):
            return _one(figure, background, rng)
        case Still(background, (first, second)):
            return _two(first, second, background, rng)
        case Still():
            return _on(_several(scene), scene.background, rng)
        case Landscape():
            return _landscape(scene, rng)
        case Portrait():
            return _portrait(scene, rng)
        case _:
            assert_never(scene)


def plain_caption(still: Still) -> str:
    """Describe a still in one fixed phrasing: looks, relation and background, neither size nor place.

    Raises:
        ValueError: if it has none or more than five figures.
    """
    match still.figures:
        case (figure,):
            subject = _a(f"{figure.colour} {figure.shape}")
        case (first, second):
            one, two = (_a(f"{figure.colour} {figure.shape}") for figure in (first, second))
            subject = f"{one} {relation(first, second)} {two}"
        case _:
            subject = _several(still)
    return f"{subject} on {_a(still.background)} background"


def _one(figure: Figure, background: Colour, rng: np.random.Generator) -> str:
    """One figure: its size and place are told most of the time, and never wrongly."""
    size = ""
    if rng.random() < 0.3:
        size = "large " if figure.radius > LARGE else "small " if figure.radius < SMALL else ""
    told = rng.random() < (0.15 if figure.place == "centre" else 0.75)
    place = f" {_PLACES[figure.place]}" if told else ""
    looks = f"{size}{figure.colour} {figure.shape}"
    return _on(f"{_a(looks)}{place}", background, rng)


def _two(first: Figure, second: Figure, background: Colour, rng: np.random.Generator) -> str:
    """Two figures: their relation told from either side."""
    how = relation(first, second)
    one, two = (_a(f"{figure.colour} {figure.shape}") for figure in (first, second))
    if rng.random() < 0.5:
        one, two, how = two, one, _INVERSE[how]
    words = f"to the {how}" if how in {"left of", "right of"} and rng.random() < 0.3 else how
    if rng.random() < 0.1:
        words = "and"
    return _on(f"{one} {words} {two}", background, rng)


def _several(still: Still) -> str:
    """Three to five figures: how many there are of each look, where they lie is left open."""
    if not FEWEST <= len(still.figures) <= MOST:
        raise ValueError(f"no words for {len(still.figures)} figures")
    told = [
        _a(f"{colour} {shape}")
        if count == 1
        else f"{NUMBERS[count]} {colour} {shape}{'es' if shape == 'cross' else 's'}"
        for (shape, colour), count in grouped(still.figures).items()
    ]
    return " and ".join((", ".join(told[:-1]), told[-1])) if len(told) > 1 else told[0]


def _on(subject: str, background: Colour, rng: np.random.Generator) -> str:
    """Put the subject before its background."""
    plain = f"{subject} on {_a(background)} background"
    return _pick(rng, (plain, plain, plain, f"{subject}, {background} background", f"{subject} on {background}"))


def _landscape(scene: Landscape, rng: np.random.Generator) -> str:
    """Describe a landscape: things, ground, mountains, then the hour and its light."""
    things = [_thing(thing) for thing in scene.things]
    subject = " and ".join(things)
    if scene.peaks:
        subject = f"{subject} in front of mountains" if subject else "mountains"
    return f"{subject} {_pick(rng, _GROUNDS[scene.ground])} {_hour(scene, rng)}"


def _portrait(scene: Portrait, rng: np.random.Generator) -> str:
    """Faces: how many, most of the time their hair, and the ground behind them."""
    noun = _pick(rng, ("face", "simple face"))
    hair = [f"{each.hair} hair" for each in scene.faces]
    if len(set(hair)) > 1 and rng.random() < 0.7:
        subject = " beside ".join(f"a {noun} with {each}" for each in hair)
    else:
        subject = f"a {noun}" if len(hair) == 1 else f"{NUMBERS[len(hair)]} {noun}s"
        if len(set(hair)) == 1 and rng.random() < 0.7:
            subject = f"{subject} with {hair[0]}"
    return f"{subject} {_pick(rng, ('on', 'before'))} {_a(scene.backdrop)} background"


def _thing(thing: Thing) -> str:
    """Return a thing with its colour, where its kind has colours to tell."""
    return "a tree" if thing.kind == "tree" else _a(f"{thing.colour} {thing.kind}")


def _hour(scene: Landscape, rng: np.random.Generator) -> str:
    """Return the hour, and the sun or moon if there is one."""
    lit = scene.light is not None
    match scene.hour:
        case "day":
            return _pick(rng, ("under the sun", "on a sunny day")) if lit else "by day"
        case "sunset":
            return "under the sun at sunset" if lit else "at sunset"
        case "night":
            return _pick(rng, ("under the moon", "under the moon at night")) if lit else "at night"


def _a(words: str) -> str:
    """Return the words behind the right indefinite article."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of `options`, all equally likely."""
    return options[int(rng.integers(len(options)))]
