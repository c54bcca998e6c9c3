"""How far away each pixel of a drawn landscape is: its true depth, for the scene is laid out in space.

The eye stands 1.6 m above level ground and sees the horizon at its height. Ground lies where a ray from the eye meets
it; things stand upright where their feet touch it; mountains, then the sky with its light, are far away.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graphengine.diffusion.drawing.landscape import HORIZON, draw_landscape
from graphengine.diffusion.drawing.outline import Point
from graphengine.diffusion.drawing.palette import Colour, Rgb
from graphengine.diffusion.drawing.pen import Pen
from graphengine.diffusion.drawing.render import SUPERSAMPLING
from graphengine.diffusion.drawing.scene import Landscape

FOCAL = 1.0
"""The focal length of the eye, in sides of the picture: a field of view of 53 degrees."""

EYE = 1.6
MOUNTAINS = 40.0
SKY = 80.0


def relief(scene: Landscape, size: int = 128) -> NDArray[np.float32]:
    """Return the distance of each pixel along the axis, in metres: (size, size), above 0.

    Raises:
        ValueError: if ``size`` is not positive.
    """
    if size < 1:
        raise ValueError(f"a picture needs a positive size, not {size}")
    canvas = Image.new("RGB", (size * SUPERSAMPLING, size * SUPERSAMPLING))
    pen = ReliefPen(canvas)
    draw_landscape(scene, pen)
    levels = np.asarray(canvas)[SUPERSAMPLING // 2 :: SUPERSAMPLING, SUPERSAMPLING // 2 :: SUPERSAMPLING]
    rows = (np.arange(size) + 0.5) / size
    kind, number = levels[..., 0], levels[..., 1]
    ground = np.broadcast_to(distance_of_ground(rows)[:, None], kind.shape)
    things = distance_of_ground(np.array(pen.feet or [1.0]))
    away = np.select([kind == _GROUND, kind == _THING, kind == _PEAK], [ground, things[number], MOUNTAINS], SKY)
    found: NDArray[np.float32] = np.minimum(away, SKY).astype(np.float32)
    return found


def distance_of_ground(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the ground is at a height in the picture, in metres; as far as the mountains above the horizon."""
    below = np.maximum(row - HORIZON, EYE * FOCAL / MOUNTAINS)
    away: NDArray[np.float64] = EYE * FOCAL / below
    return away


_SKY, _PEAK, _GROUND, _THING = range(4)


class ReliefPen(Pen):
    """Paints what kind of layer it is in the place of colours: red is the kind, green the number of the thing.

    Attributes:
        feet: where the things stand, as heights in the picture.
    """

    def __init__(self, canvas: Image.Image) -> None:
        super().__init__(canvas)
        self.feet: list[float] = []
        self._kind: Rgb = (_SKY, 0, 0)

    def stands(self, foot: float) -> None:
        """See :meth:`Pen.stands`."""
        self.feet.append(foot)
        self._kind = (_THING, len(self.feet) - 1, 0)

    def rises(self) -> None:
        """See :meth:`Pen.rises`."""
        self._kind = (_PEAK, 0, 0)

    def lies(self) -> None:
        """See :meth:`Pen.lies`."""
        self._kind = (_GROUND, 0, 0)

    def box(self, corner: Point, opposite: Point, colour: Colour | Rgb) -> None:
        """Paint a rectangle."""
        del colour
        super().box(corner, opposite, self._kind)

    def polygon(self, points: Sequence[Point], colour: Colour | Rgb) -> None:
        """Paint a polygon."""
        del colour
        super().polygon(points, self._kind)

    def gradient(self, top: float, bottom: float, upper: Rgb, lower: Rgb) -> None:
        """Paint a band."""
        del upper, lower
        super().gradient(top, bottom, self._kind, self._kind)
