"""Portraits: one to three simple faces before a plain ground."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

import numpy as np

from graphengine.diffusion.drawing.face import HAIR, SKIN, Stroke, strokes
from graphengine.diffusion.drawing.palette import Rgb
from graphengine.diffusion.drawing.pen import Pen
from graphengine.diffusion.drawing.scene import BACKDROPS, HAIRS, Backdrop, Face, Portrait

BACKDROP: Mapping[Backdrop, Rgb] = MappingProxyType(
    {
        "pale blue": (150, 178, 205),
        "pale green": (165, 190, 160),
        "beige": (205, 190, 165),
        "pale purple": (180, 170, 195),
    }
)

_MOST = 3


def sample_portrait(rng: np.random.Generator) -> Portrait:
    """Sample one face half of the time, else two or three beside one another; none hides another."""
    count = 1 if rng.random() < 0.5 else int(rng.integers(2, _MOST + 1))
    backdrop = BACKDROPS[int(rng.integers(len(BACKDROPS)))]
    return Portrait(backdrop, tuple(_face(rng, index, count) for index in range(count)))


def _face(rng: np.random.Generator, index: int, count: int) -> Face:
    """Sample a face somewhere in its part of the width."""
    size = float(rng.uniform(0.7, 0.9)) / count
    x = (index + 0.5) / count + float(rng.uniform(-0.5, 0.5)) * (1 / count - size)
    y = 0.5 + float(rng.uniform(-0.5, 0.5)) * min(0.5, 1 - size)
    hair = HAIRS[int(rng.integers(len(HAIRS)))]
    return Face(hair, int(rng.integers(len(SKIN))), float(rng.uniform(0.09, 0.12)), x, y, size)


def draw_portrait(scene: Portrait, pen: Pen) -> None:
    """Draw the ground and then each face, from left to right."""
    pen.lies()
    pen.fill(BACKDROP[scene.backdrop])
    for face in scene.faces:
        pen.stands(face.y + face.size / 2)
        for stroke in strokes(HAIR[face.hair], SKIN[face.skin], face.smile):
            _draw(stroke, face, pen)


def _draw(stroke: Stroke, face: Face, pen: Pen) -> None:
    points = [(face.x + (x - 0.5) * face.size, face.y + (y - 0.5) * face.size) for x, y in stroke.points]
    match stroke.form:
        case "oval":
            pen.oval(points[0], points[1], stroke.colour)
        case "box":
            (left, top), (right, bottom) = points
            corners = ((left, top), (right, top), (right, bottom), (left, bottom))
            pen.polygon(corners, stroke.colour)  # a mouth may be thinner than a pixel, which no rectangle may be
        case "polygon":
            pen.polygon(points, stroke.colour)
        case other:
            assert_never(other)
