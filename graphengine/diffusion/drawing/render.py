"""Scene to pixels: drawn several times too large and averaged down, which antialiases every edge."""

from typing import assert_never

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graphengine.diffusion.drawing.landscape import draw_landscape
from graphengine.diffusion.drawing.pen import Pen
from graphengine.diffusion.drawing.portrait import draw_portrait
from graphengine.diffusion.drawing.scene import Landscape, Portrait, Scene, Still

SUPERSAMPLING = 4
"""Canvas pixels per picture pixel along each axis."""


def render(scene: Scene, size: int = 128) -> NDArray[np.uint8]:
    """Draw `scene` as a square RGB picture.

    Args:
        scene: what to draw.
        size: side of the picture in pixels, at least 1.

    Returns:
        Array of shape (size, size, 3), values 0-255 (sRGB).

    Raises:
        ValueError: if `size` is not positive.
    """
    if size < 1:
        raise ValueError(f"a picture needs a positive size, not {size}")
    canvas = Image.new("RGB", (size * SUPERSAMPLING, size * SUPERSAMPLING))
    draw(scene, Pen(canvas))
    return np.asarray(canvas.reduce(SUPERSAMPLING))


def draw(scene: Scene, pen: Pen) -> None:
    """Draw a scene with a pen, from back to front."""
    match scene:
        case Still():
            draw_still(scene, pen)
        case Landscape():
            draw_landscape(scene, pen)
        case Portrait():
            draw_portrait(scene, pen)
        case _:
            assert_never(scene)


def draw_still(scene: Still, pen: Pen) -> None:
    """Draw the background and then each figure, in order."""
    pen.lies()
    pen.fill(scene.background)
    for figure in scene.figures:
        pen.stands(figure.y + figure.radius)
        pen.shape(figure.shape, figure.colour, (figure.x, figure.y), figure.radius)
