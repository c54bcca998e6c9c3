"""What moves between two pictures, pixel by pixel."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""[height, width, channels], 0..1."""

Field = NDArray[np.float32]
"""[height, width, 2]: x and y in pixels."""

_SLACK = 1.5  # pixels by which a way there and back may miss; beyond it a pixel has no partner
_SMALLEST = 32  # sides below which the pyramid of the flow has no room


@dataclass(frozen=True, slots=True)
class Motion:
    """The optical flow between two pictures, both ways.

    Attributes:
        there: where each pixel of the first goes: [height, width, 2], in pixels.
        back: where each pixel of the second comes from, likewise.
        only_first: 1 where a pixel of the first is covered in the second: [height, width].
        only_second: 1 where a pixel of the second was covered in the first.
    """

    there: Field
    back: Field
    only_first: Field
    only_second: Field


def motion_between(first: Picture, second: Picture) -> Motion:
    """Measure the motion between two pictures of one size.

    Source: Kroeger et al., Fast Optical Flow using Dense Inverse Search (2016), as OpenCV has it; what is covered is
    told by the way there and back, as in Sundaram et al. (2010).
    """
    grey = [_grey(each) for each in (first, second)]
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = first.shape[:2]
    there, back = (_flow(finder, *pair)[:height, :width] for pair in (grey, grey[::-1]))
    return Motion(there, back, _unmatched(there, back), _unmatched(back, there))


def fetched(picture: Picture, field: Field) -> Picture:
    """Return a picture each of whose pixels is fetched from where ``field`` points to, between pixels bilinearly.

    Beyond the edge it is the nearest pixel that there is.
    """
    height, width = field.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved: Picture = cv2.remap(
        picture, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if picture.ndim == 3:
        moved = moved.reshape(height, width, -1)  # of one channel OpenCV drops the axis
    return moved


def unlikeness(first: Picture, second: Picture, motion: Motion) -> float:
    """Return how much of the second picture the motion does not explain: 0 is nothing, 1 is black against white."""
    explained = fetched(first, motion.back)
    return float(np.abs(explained[..., :3] - second[..., :3]).mean())


def _unmatched(way: Field, back: Field) -> Field:
    missed = np.linalg.norm(way + fetched(back, way), axis=-1)
    length = np.linalg.norm(way, axis=-1)
    covered: Field = (missed > _SLACK + 0.05 * length).astype(np.float32)
    return covered


def _flow(finder: Any, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Field:
    field: Field = finder.calc(first, second, None)
    return field


def _grey(picture: Picture) -> NDArray[np.uint8]:
    levels = (picture[..., :3].clip(0, 1) * 255).astype(np.uint8)
    grey = cv2.cvtColor(np.ascontiguousarray(levels), cv2.COLOR_RGB2GRAY)
    below, right = (max(0, _SMALLEST - side) for side in grey.shape)
    padded: NDArray[np.uint8] = cv2.copyMakeBorder(grey, 0, below, 0, right, cv2.BORDER_REPLICATE)
    return padded
