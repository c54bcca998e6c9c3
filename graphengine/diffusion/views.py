"""Variants of pictures: mirrored, rotated, cut out and coloured otherwise, so that a model learns more from few."""

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil

from graphengine.diffusion.colour import LUMA
from graphengine.diffusion.types.dataset import Augmentation

ROOM: Final = 2
"""How many times as large as it is wanted a picture is read at most, so that what is cut out of it is sharp."""


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a square picture.

    Attributes:
        mirrored: whether left and right are exchanged; that comes first.
        angle: by which it is rotated, in degrees, counter-clockwise.
        share: of the side of the largest upright square within the rotated picture that is kept.
        across, down: where what is kept lies in that square, 0 to 1.
        factors: of brightness, contrast and saturation; 1 changes nothing.
        turn: of the colours, in turns of the whole circle.
    """

    mirrored: bool = False
    angle: float = 0.0
    share: float = 1.0
    across: float = 0.5
    down: float = 0.5
    factors: tuple[float, float, float] = (1.0, 1.0, 1.0)
    turn: float = 0.0

    def picture(self, pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """Return what is seen of a picture [side, side, 3], 0 to 255 (sRGB): [size, size, 3]."""
        return self._coloured(self.shape(pixels, size))

    def shape(self, pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """Return the same with the colours that it has; a mask [side, side] is seen like that too."""
        turned = self._turned(pixels, cv2.INTER_CUBIC)
        return np.asarray(
            Pil.fromarray(turned).resize((size, size), Pil.Resampling.LANCZOS, box=self._box(len(pixels)))
        )

    def plane(self, values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Return what is seen of values [side, side], such as distances, of which none are mixed: [size, size]."""
        turned = self._turned(values, cv2.INTER_NEAREST)
        left, upper, right, lower = self._box(len(values))
        middles = (np.arange(size) + 0.5) / size
        columns = (left + middles * (right - left)).astype(np.int64)
        rows = (upper + middles * (lower - upper)).astype(np.int64)
        return np.ascontiguousarray(turned[rows[:, None], columns[None]])

    def _turned(self, values: NDArray[Any], filtered: int) -> NDArray[Any]:
        """Mirror and rotate; what comes from outside is mirrored at the edge, for filters that reach so far."""
        shown = values[:, ::-1] if self.mirrored else values
        if not self.angle:
            return np.ascontiguousarray(shown)
        side = len(values)
        matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), self.angle, 1.0)
        turned: NDArray[Any] = cv2.warpAffine(
            np.ascontiguousarray(shown), matrix, (side, side), flags=filtered, borderMode=cv2.BORDER_REFLECT_101
        )
        return turned

    def _box(self, side: int) -> tuple[float, float, float, float]:
        """Return what is kept of a rotated picture: left, upper, right and lower edge, in pixels."""
        whole = side * inscribed(self.angle)
        kept = whole * self.share
        start = (side - whole) / 2
        left, upper = (start + place * (whole - kept) for place in (self.across, self.down))
        return left, upper, min(side, left + kept), min(side, upper + kept)

    def _coloured(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        brightness, contrast, saturation = self.factors
        if self.factors == (1.0, 1.0, 1.0) and not self.turn:
            return pixels
        colours = pixels.astype(np.float32) * brightness
        grey = colours @ np.asarray(LUMA, np.float32)
        colours = grey.mean() + contrast * (colours - grey.mean())
        grey = (colours @ np.asarray(LUMA, np.float32))[..., None]
        colours = grey + saturation * (colours - grey)
        if self.turn:
            colours = colours @ _about_grey(self.turn).T
        levels: NDArray[np.uint8] = colours.round().clip(0, 255).astype(np.uint8)
        return levels


def view_of(augmentation: Augmentation, index: int) -> View | None:
    """Return how the picture at an index is seen; None is an original as it is."""
    if index < augmentation.originals:
        return None
    rng = np.random.default_rng((augmentation.seed, index))
    mirrored = float(rng.random()) < augmentation.mirror
    angle = float(rng.uniform(-1, 1)) * augmentation.angle
    share = 1 - float(rng.random()) * (1 - augmentation.crop)
    across, down = (float(each) for each in rng.random(2))
    far = (augmentation.brightness, augmentation.contrast, augmentation.saturation)
    brightness, contrast, saturation = (1 + float(rng.uniform(-1, 1)) * each for each in far)
    turn = float(rng.uniform(-1, 1)) * augmentation.hue
    return View(mirrored, angle, share, across, down, (brightness, contrast, saturation), turn)


def room_for(augmentation: Augmentation, size: int) -> int:
    """Return the side in which pictures are read, so that what is cut out of them has ``size`` pixels of its own."""
    return min(ROOM * size, math.ceil(size / (augmentation.crop * inscribed(augmentation.angle))))


def inscribed(angle: float) -> float:
    """Return how large the largest upright square within a rotated square is, as a share of its side."""
    turned = math.radians(abs(angle))
    return 1 / (math.cos(turned) + math.sin(turned))


def _about_grey(turns: float) -> NDArray[np.float32]:
    """Return what rotates colours about the axis of greys: [3, 3] (Rodrigues' formula)."""
    cosine, sine = math.cos(2 * math.pi * turns), math.sin(2 * math.pi * turns)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    rotation: NDArray[np.float32] = (cosine * np.eye(3) + sine * cross + (1 - cosine) / 3).astype(np.float32)
    return rotation
