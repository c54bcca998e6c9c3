"""The curve of a training as a picture, to look at while it runs."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image as Pil
from PIL import ImageDraw
from torch.nn import functional

from graphengine.diffusion.images import sheet
from graphengine.diffusion.training.loop import Point
from graphengine.diffusion.types.image import Image

_SIZE = (384, 192)
_EDGE = 12
_GROUND, _LOSS, _FIGURE, _TEXT = (24, 26, 30), (214, 154, 91), (107, 155, 209), (200, 204, 210)


def curve_picture(points: Sequence[Point], figure: str, steps: int) -> Image:
    """Draw the loss (on a logarithmic scale) and one figure over the steps.

    Args:
        points: one or more.
        figure: the name of the figure.
        steps: the length of the whole schedule.
    """
    picture = Pil.new("RGB", _SIZE, _GROUND)
    pen = ImageDraw.Draw(picture)
    losses = [math.log10(max(point.loss, 1e-9)) for point in points]
    figures = [point.figures[figure] for point in points]
    for values, colour in ((losses, _LOSS), (figures, _FIGURE)):
        places = list(zip((_across(point.step / steps) for point in points), map(_up, _spread(values)), strict=True))
        if len(places) > 1:
            pen.line(places, fill=colour, width=2)
        x, y = places[-1]
        pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
    last = points[-1]
    pen.text((_EDGE, 2), f"step {last.step}", fill=_TEXT)
    pen.text((_EDGE + 90, 2), f"loss {last.loss:.4g}", fill=_LOSS)
    pen.text((_EDGE + 190, 2), f"{figure} {last.figures[figure]:.2f}", fill=_FIGURE)
    return Image(torch.from_numpy(np.asarray(picture, dtype=np.float32)[None] / 255))


def with_samples(curve: Image, samples: Image) -> Image:
    """Put a row of pictures under a curve, as wide as it."""
    row = sheet(samples, samples.batch).pixels[..., :3].permute(0, 3, 1, 2)
    size = (round(curve.width * row.shape[-2] / row.shape[-1]), curve.width)
    fitted = functional.interpolate(row, size, mode="bilinear", antialias=True).clamp(0, 1)
    return Image(torch.cat([curve.pixels, fitted.permute(0, 2, 3, 1)], dim=1))


def _spread(values: Sequence[float]) -> list[float]:
    """Return values from 0 to 1."""
    low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]


def _across(share: float) -> float:
    return _EDGE + share * (_SIZE[0] - 2 * _EDGE)


def _up(share: float) -> float:
    return _SIZE[1] - _EDGE - share * (_SIZE[1] - 3 * _EDGE)
