"""Drawing on a Pillow canvas in fractions of its side, so that no caller knows a pixel."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from graphengine.diffusion.drawing.outline import RING_WIDTH, Point, outline
from graphengine.diffusion.drawing.palette import PALETTE, Colour, Rgb
from graphengine.diffusion.drawing.scene import Shape


class Pen:
    """Draws on one square RGB canvas; coordinates and lengths are fractions of its side."""

    def __init__(self, canvas: Image.Image) -> None:
        self._canvas = canvas
        self._draw = ImageDraw.Draw(canvas)
        self._side = canvas.width

    def stands(self, foot: float) -> None:
        """Say that what follows is a thing, upright, with its foot at this height."""

    def rises(self) -> None:
        """Say that what follows is a mountain."""

    def lies(self) -> None:
        """Say that what follows is level ground."""

    def fill(self, colour: Colour | Rgb) -> None:
        """Paint the whole canvas."""
        self.box((0.0, 0.0), (1.0, 1.0), colour)

    def box(self, corner: Point, opposite: Point, colour: Colour | Rgb) -> None:
        """Paint an axis-aligned rectangle between two corners (the first is the upper left one)."""
        (x0, y0), (x1, y1) = self._pixel(corner), self._pixel(opposite)
        self._draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=_rgb(colour))

    def polygon(self, points: Sequence[Point], colour: Colour | Rgb) -> None:
        """Paint a filled polygon."""
        self._draw.polygon([self._pixel(point) for point in points], fill=_rgb(colour))

    def disc(self, centre: Point, radius: float, colour: Colour | Rgb) -> None:
        """Paint a filled circle."""
        self.shape("circle", colour, centre, radius)

    def oval(self, corner: Point, opposite: Point, colour: Colour | Rgb) -> None:
        """Paint the ellipse that fills a rectangle between two corners."""
        self._draw.ellipse((self._pixel(corner), self._pixel(opposite)), fill=_rgb(colour))

    def gradient(self, top: float, bottom: float, upper: Rgb, lower: Rgb) -> None:
        """Paint the full-width band from `top` to `bottom`, running linearly from `upper` to `lower`."""
        first, last = round(top * self._side), round(bottom * self._side)
        for row in range(first, last):
            share = (row - first) / max(1, last - first - 1)
            r, g, b = (round(a + (z - a) * share) for a, z in zip(upper, lower, strict=True))
            self._draw.line((0, row, self._side, row), fill=(r, g, b))

    def shape(self, shape: Shape, colour: Colour | Rgb, centre: Point, radius: float) -> None:
        """Paint one of the flat shapes around `centre`."""
        x, y = centre
        if shape == "ring":
            outer, width = radius * self._side, max(1, round(RING_WIDTH * radius * self._side))
            px, py = self._pixel(centre)
            box = (px - outer, py - outer, px + outer, py + outer)
            self._draw.ellipse(box, outline=_rgb(colour), width=width)
            return
        self.polygon([(x + dx * radius, y + dy * radius) for dx, dy in outline(shape)], colour)

    def _pixel(self, point: Point) -> tuple[float, float]:
        """Return a point in canvas pixels."""
        return point[0] * self._side, point[1] * self._side


def _rgb(colour: Colour | Rgb) -> Rgb:
    """Return the red, green and blue of a colour given by name or by value."""
    return PALETTE[colour] if isinstance(colour, str) else colour
