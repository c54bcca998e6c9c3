"""Scenes that move: each thing goes its own way at its own even speed, within bounds, there and back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, assert_never

import numpy as np

from graphengine.diffusion.drawing.scene import Landscape, Portrait, Scene, Still

SPEED: Final = 0.02
"""How far a thing goes from frame to frame at most, in sides of the picture."""

_EDGE = 0.02  # what stays free between a figure and the edge of the picture
_REACH = 1.1  # how far the farthest tip of a shape is from its centre, in radii
_PATH = 0.85  # of the width: how far right, and as far left, the centre of a light or a boat goes


def moving(scene: Scene, frames: int, rng: np.random.Generator) -> Iterator[Scene]:
    """Give a scene as it is after 0, 1, 2 … frames.

    Figures and faces go straight on in some direction, and come back where they would leave the picture. In
    landscapes what can move does: boats and the sun or moon go to one side; houses, trees and mountains stand still.
    """
    ways = rng.uniform(-SPEED, SPEED, (8, 2)).tolist()
    for index in range(frames):
        yield _after(scene, index, ways)


def _after(scene: Scene, index: int, ways: list[list[float]]) -> Scene:
    match scene:
        case Still():
            figures = (
                replace(
                    each,
                    x=_within(each.x, dx * index, _REACH * each.radius + _EDGE),
                    y=_within(each.y, dy * index, _REACH * each.radius + _EDGE),
                )
                for each, (dx, dy) in zip(scene.figures, ways, strict=False)
            )
            return replace(scene, figures=tuple(figures))
        case Portrait():
            faces = (
                replace(
                    each, x=_within(each.x, dx * index, each.size / 2), y=_within(each.y, dy * index, each.size / 2)
                )
                for each, (dx, dy) in zip(scene.faces, ways, strict=False)
            )
            return replace(scene, faces=tuple(faces))
        case Landscape():
            things = (
                replace(each, x=_within(each.x, dx * index, 1 - _PATH)) if each.kind == "boat" else each
                for each, (dx, _) in zip(scene.things, ways[1:], strict=False)
            )
            x, y = scene.light or (0.5, 0.0)
            light = (_within(x, ways[0][0] * index, 1 - _PATH), y) if scene.light else None
            return replace(scene, things=tuple(things), light=light)
        case other:
            assert_never(other)


def _within(start: float, gone: float, margin: float) -> float:
    """Return where something is that went on, and turned round ``margin`` before each end of 0 to 1."""
    low, high = min(margin, start), max(1 - margin, start)
    if high <= low:
        return start
    there = (start - low + gone) % (2 * (high - low))
    return low + min(there, 2 * (high - low) - there)
