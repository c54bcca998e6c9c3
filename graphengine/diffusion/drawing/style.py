"""Styles of drawn pictures: the same scene in another hand."""

from typing import Literal, assert_never, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from graphengine.diffusion.drawing.palette import PALETTE, Rgb

Style = Literal["flat", "comic", "ink", "silhouette"]

STYLES: tuple[Style, ...] = get_args(Style)

_LINES = 25
"""How many lines lie side by side in a picture."""

_FAINT, _CLEAR = 30.0, 120.0  # differences of colours (CIELAB, scaled to bytes): below none is a line, above each is


def in_style(pixels: NDArray[np.uint8], style: Style) -> NDArray[np.uint8]:
    """Draw a picture again in a style.

    ``flat`` leaves it as it is; ``comic`` draws its outlines in black over it and ``ink`` on white paper, and
    ``silhouette`` makes black what stands out from the ground behind it, and that ground orange.

    Args:
        pixels: of shape [height, width, 3], sRGB.
        style: the hand.

    Returns:
        A picture of the same shape.
    """
    match style:
        case "flat":
            return pixels
        case "comic":
            return _inked(_outlines(pixels), pixels, PALETTE["black"])
        case "ink":
            return _inked(_outlines(pixels), PALETTE["white"], PALETTE["black"])
        case "silhouette":
            return _inked(_standing_out(pixels), PALETTE["orange"], PALETTE["black"])
        case other:
            assert_never(other)


def _inked(ink: NDArray[np.float32], paper: NDArray[np.uint8] | Rgb, pen: Rgb) -> NDArray[np.uint8]:
    """Draw with a pen on paper where there is ink, 0 to 1."""
    below, above = np.asarray(paper, np.float32), np.asarray(pen, np.float32)
    drawn: NDArray[np.uint8] = (below + ink[..., None] * (above - below)).round().astype(np.uint8)
    return drawn


def _standing_out(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return where colours are others than at both ends of their row: 0 to 1, of shape [height, width]."""
    colours = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    ends = (colours[:, :1], colours[:, -1:])
    distance = np.minimum(*(np.linalg.norm(colours - end, axis=2) for end in ends))
    out: NDArray[np.float32] = np.clip(distance / _FAINT - 0.5, 0, 1).astype(np.float32)
    return out


def _outlines(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return where colours change at once: 0 to 1, of shape [height, width]."""
    colours = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    across, down = (cv2.Sobel(colours, cv2.CV_32F, dx, dy, ksize=3) for dx, dy in ((1, 0), (0, 1)))
    strength = np.hypot(across, down).max(axis=2)
    edges = np.clip((strength - _FAINT) / (_CLEAR - _FAINT), 0, 1).astype(np.float32)
    width = max(1, round(min(pixels.shape[:2]) / _LINES) - 2)  # an edge has two pixels by itself
    edges = cv2.dilate(edges, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    softened: NDArray[np.float32] = cv2.GaussianBlur(edges, (0, 0), 0.6).clip(0, 1)
    return softened
