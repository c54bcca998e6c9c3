"""What each point of a scene belongs to: the ground, the sky, a mountain, or which of its things."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graphengine.diffusion.drawing.outline import Point
from graphengine.diffusion.drawing.palette import Colour, Rgb
from graphengine.diffusion.drawing.pen import Pen
from graphengine.diffusion.drawing.render import SUPERSAMPLING, draw
from graphengine.diffusion.drawing.scene import Scene, Shape

Layer = Literal["sky", "mountains", "ground", "thing"]

LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)


@dataclass(frozen=True, slots=True)
class Layers:
    """A scene by what is seen at each point of the canvas, which is finer than the picture.

    Attributes:
        kind: of shape [side, side], the side being :data:`SUPERSAMPLING` times the picture's: index into
            :data:`LAYERS`.
        number: of the same shape: which thing it is, from 0 in the order in which they are drawn.
        feet: where the things stand, as heights in the picture.
    """

    kind: NDArray[np.uint8]
    number: NDArray[np.uint8]
    feet: tuple[float, ...]

    def is_(self, layer: Layer) -> NDArray[np.bool_]:
        """Return where a layer is seen."""
        found: NDArray[np.bool_] = self.kind == LAYERS.index(layer)
        return found


def layers(scene: Scene, size: int = 128) -> Layers:
    """Return what is seen where in the picture of a scene.

    Raises:
        ValueError: if ``size`` is not positive.
    """
    if size < 1:
        raise ValueError(f"a picture needs a positive size, not {size}")
    canvas = Image.new("RGB", (size * SUPERSAMPLING, size * SUPERSAMPLING))
    pen = LayerPen(canvas)
    draw(scene, pen)
    levels = np.asarray(canvas)
    return Layers(levels[..., 0], levels[..., 1], tuple(pen.feet))


class LayerPen(Pen):
    """Paints what kind of layer it is in the place of colours: red is the kind, green the number of the thing.

    Attributes:
        feet: where the things stand, as heights in the picture.
    """

    def __init__(self, canvas: Image.Image) -> None:
        super().__init__(canvas)
        self.feet: list[float] = []
        self._kind: Rgb = _painted("sky")

    def stands(self, foot: float) -> None:
        """See :meth:`Pen.stands`."""
        self.feet.append(foot)
        self._kind = _painted("thing", len(self.feet) - 1)

    def rises(self) -> None:
        """See :meth:`Pen.rises`."""
        self._kind = _painted("mountains")

    def lies(self) -> None:
        """See :meth:`Pen.lies`."""
        self._kind = _painted("ground")

    def box(self, corner: Point, opposite: Point, colour: Colour | Rgb) -> None:
        """Paint a rectangle."""
        del colour
        super().box(corner, opposite, self._kind)

    def polygon(self, points: Sequence[Point], colour: Colour | Rgb) -> None:
        """Paint a polygon."""
        del colour
        super().polygon(points, self._kind)

    def oval(self, corner: Point, opposite: Point, colour: Colour | Rgb) -> None:
        """Paint an ellipse."""
        del colour
        super().oval(corner, opposite, self._kind)

    def gradient(self, top: float, bottom: float, upper: Rgb, lower: Rgb) -> None:
        """Paint a band."""
        del upper, lower
        super().gradient(top, bottom, self._kind, self._kind)

    def shape(self, shape: Shape, colour: Colour | Rgb, centre: Point, radius: float) -> None:
        """Paint a flat shape."""
        del colour
        super().shape(shape, self._kind, centre, radius)


def _painted(layer: Layer, number: int = 0) -> Rgb:
    return LAYERS.index(layer), number, 0
