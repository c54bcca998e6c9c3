"""Drawing people: heads with simple faces before a plain ground, so that what looks for faces can be tried on them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw, ImageFilter

from graphengine.diffusion.drawing.face import HAIR, SKIN, strokes
from graphengine.diffusion.drawing.palette import Rgb
from graphengine.diffusion.drawing.portrait import BACKDROP

MOST: Final = 9

_FINER = 4  # how many times larger it is drawn, for smooth edges


def people(rng: np.random.Generator, size: int, count: int) -> NDArray[np.uint8]:
    """Return a picture of people that look at one, of shape [size, size, 3], 0 to 255 (sRGB).

    Args:
        rng: decides how they look, and where in their part of the picture they are.
        size: the side in pixels.
        count: how many, 1 to 9; each in a square of its own.
    """
    across = int(np.ceil(np.sqrt(count)))
    side = size // across
    picture = Pil.new("RGB", (size, size), _any(rng, tuple(BACKDROP.values())))
    for index in range(count):
        large = round(side * rng.uniform(0.72, 0.9))
        room = side - large
        x, y = (int(rng.integers(0, room + 1)) for _ in range(2))
        head = _head(rng, large)
        picture.paste(head, (index % across * side + x, index // across * side + y), head)
    return np.asarray(picture)


def _head(rng: np.random.Generator, size: int) -> Pil.Image:
    """Draw a head, clear around it."""
    skin, hair = _any(rng, SKIN), _any(rng, tuple(HAIR.values()))
    side = size * _FINER
    canvas = Pil.new("RGBA", (side, side), (*hair, 0))
    draw = ImageDraw.Draw(canvas)
    for stroke in strokes(hair, skin, float(rng.uniform(0.09, 0.12))):
        points = [(x * side, y * side) for x, y in stroke.points]
        form = {"oval": draw.ellipse, "box": draw.rectangle, "polygon": draw.polygon}[stroke.form]
        form(points, fill=stroke.colour)
    small = canvas.resize((size, size), Pil.Resampling.LANCZOS)
    return small.filter(ImageFilter.GaussianBlur(size / 128))


def _any(rng: np.random.Generator, colours: tuple[Rgb, ...]) -> Rgb:
    return colours[int(rng.integers(len(colours)))]
