"""The colours of drawn pictures: few, far apart in RGB, each an everyday English word."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Rgb = tuple[int, int, int]
"""Red, green and blue, each 0-255 (sRGB)."""

Colour = Literal["red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white", "black"]

COLOURS: tuple[Colour, ...] = get_args(Colour)

PALETTE: Mapping[Colour, Rgb] = MappingProxyType(
    {
        "red": (214, 36, 40),
        "orange": (247, 134, 20),
        "yellow": (252, 222, 56),
        "green": (36, 148, 62),
        "cyan": (84, 212, 222),
        "blue": (38, 76, 210),
        "purple": (120, 42, 158),
        "pink": (250, 150, 196),
        "white": (250, 250, 250),
        "black": (18, 18, 22),
    }
)
