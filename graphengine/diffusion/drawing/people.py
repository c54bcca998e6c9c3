"""Drawing people: heads with simple faces before a plain ground, so that what looks for faces can be tried on them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw, ImageFilter

from graphengine.diffusion.drawing.palette import Rgb

MOST: Final = 9

_FINER = 4  # how many times larger it is drawn, for smooth edges
_SKIN: Final[tuple[Rgb, ...]] = ((236, 200, 170), (224, 184, 150), (198, 152, 116), (160, 114, 82))
_HAIR: Final[tuple[Rgb, ...]] = ((70, 45, 30), (30, 26, 24), (120, 76, 36), (96, 92, 90))
_GROUND: Final[tuple[Rgb, ...]] = ((150, 178, 205), (165, 190, 160), (205, 190, 165), (180, 170, 195))


def people(rng: np.random.Generator, size: int, count: int) -> NDArray[np.uint8]:
    """Return a picture of people that look at one, of shape [size, size, 3], 0 to 255 (sRGB).

    Args:
        rng: decides how they look, and where in their part of the picture they are.
        size: the side in pixels.
        count: how many, 1 to 9; each in a square of its own.
    """
    across = int(np.ceil(np.sqrt(count)))
    side = size // across
    picture = Pil.new("RGB", (size, size), _any(rng, _GROUND))
    for index in range(count):
        large = round(side * rng.uniform(0.72, 0.9))
        room = side - large
        x, y = (int(rng.integers(0, room + 1)) for _ in range(2))
        head = _head(rng, large)
        picture.paste(head, (index % across * side + x, index // across * side + y), head)
    return np.asarray(picture)


def _head(rng: np.random.Generator, size: int) -> Pil.Image:
    """Draw a head, clear around it."""
    skin, hair = _any(rng, _SKIN), _any(rng, _HAIR)
    side = size * _FINER
    canvas = Pil.new("RGBA", (side, side), (*hair, 0))
    draw = ImageDraw.Draw(canvas)

    def oval(x: float, y: float, across: float, down: float, colour: Rgb) -> None:
        box = [(x - across) * side, (y - down) * side, (x + across) * side, (y + down) * side]
        draw.ellipse(box, fill=colour)

    oval(0.5, 0.46, 0.36, 0.44, hair)
    oval(0.5, 0.52, 0.29, 0.38, skin)
    for x in (0.375, 0.625):
        oval(x, 0.455, 0.085, 0.055, _shade(skin, 0.72))
        oval(x, 0.46, 0.055, 0.028, (245, 245, 245))
        oval(x, 0.46, 0.028, 0.028, (50, 35, 30))
        draw.rectangle([(x - 0.08) * side, 0.375 * side, (x + 0.08) * side, 0.4 * side], fill=hair)
    oval(0.5, 0.6, 0.05, 0.03, _shade(skin, 0.8))
    nose = [(0.5 * side, 0.45 * side), (0.46 * side, 0.6 * side), (0.54 * side, 0.6 * side)]
    draw.polygon(nose, fill=_shade(skin, 1.06))
    smile = float(rng.uniform(0.09, 0.12))
    oval(0.5, 0.735, smile, 0.035, (160, 60, 60))
    draw.rectangle([(0.5 - smile) * side, 0.73 * side, (0.5 + smile) * side, 0.74 * side], fill=(110, 30, 30))
    small = canvas.resize((size, size), Pil.Resampling.LANCZOS)
    return small.filter(ImageFilter.GaussianBlur(size / 128))


def _any(rng: np.random.Generator, colours: tuple[Rgb, ...]) -> Rgb:
    return colours[int(rng.integers(len(colours)))]


def _shade(colour: Rgb, factor: float) -> Rgb:
    red, green, blue = (min(255, round(level * factor)) for level in colour)
    return red, green, blue
