"""How a simple face is drawn: its strokes, from back to front, in a square around it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from graphengine.diffusion.drawing.outline import Point
from graphengine.diffusion.drawing.palette import Rgb
from graphengine.diffusion.drawing.scene import Hair

HAIR: Mapping[Hair, Rgb] = MappingProxyType(
    {"brown": (70, 45, 30), "black": (30, 26, 24), "light brown": (120, 76, 36), "grey": (96, 92, 90)}
)
SKIN: tuple[Rgb, ...] = ((236, 200, 170), (224, 184, 150), (198, 152, 116), (160, 114, 82))

Form = Literal["oval", "box", "polygon"]


@dataclass(frozen=True, slots=True)
class Stroke:
    """One area of one colour; its points are fractions of the square, of ovals and boxes two corners."""

    form: Form
    points: tuple[Point, ...]
    colour: Rgb


def strokes(hair: Rgb, skin: Rgb, smile: float) -> Iterator[Stroke]:
    """Give the strokes of a face; ``smile`` is half the width of its mouth."""
    yield _oval(0.5, 0.46, 0.36, 0.44, hair)
    yield _oval(0.5, 0.52, 0.29, 0.38, skin)
    for x in (0.375, 0.625):
        yield _oval(x, 0.455, 0.085, 0.055, _shade(skin, 0.72))
        yield _oval(x, 0.46, 0.055, 0.028, (245, 245, 245))
        yield _oval(x, 0.46, 0.028, 0.028, (50, 35, 30))
        yield Stroke("box", ((x - 0.08, 0.375), (x + 0.08, 0.4)), hair)
    yield _oval(0.5, 0.6, 0.05, 0.03, _shade(skin, 0.8))
    yield Stroke("polygon", ((0.5, 0.45), (0.46, 0.6), (0.54, 0.6)), _shade(skin, 1.06))
    yield _oval(0.5, 0.735, smile, 0.035, (160, 60, 60))
    yield Stroke("box", ((0.5 - smile, 0.73), (0.5 + smile, 0.74)), (110, 30, 30))


def _oval(x: float, y: float, across: float, down: float, colour: Rgb) -> Stroke:
    return Stroke("oval", ((x - across, y - down), (x + across, y + down)), colour)


def _shade(colour: Rgb, factor: float) -> Rgb:
    red, green, blue = (min(255, round(level * factor)) for level in colour)
    return red, green, blue
