"""Finding faces: by a cascade that comes with scikit-image, or by a YuNet model of one's own."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphengine.diffusion.masks import ellipse
from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import ModelRefused, NodeError
from graphengine.files.roots import File

_LONGEST = 1536  # pixels of a side in which the cascade searches: its work rises with the area
_SMALLEST = 24  # pixels: the window of the cascade
_CALM = 0.3  # of the area of the smaller of two boxes: what shares more is one face
_LARGEST_MODEL = 2**28


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is: a box in pixels."""

    x: float
    y: float
    width: float
    height: float

    def shared(self, other: "Face") -> float:
        """Return the part of the smaller of two boxes that lies in both."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        smaller = min(self.width * self.height, other.width * other.height)
        return max(across, 0.0) * max(down, 0.0) / smaller


def by_cascade(image: Image, smallest: int, agreement: int) -> list[Face]:
    """Find faces that look at the camera, by a cascade of local binary patterns.

    Zhang et al., Face Detection Based on Multi-Block LBP Representation (2007); trained by the authors of OpenCV, and
    carried by scikit-image. A picture that is longer than 1536 pixels is searched in a smaller copy.

    Args:
        image: one picture.
        smallest: the side of the smallest face in pixels, at least 24.
        agreement: how many findings beside each other make a face.
    """
    pixels, scale = _shrunk(_levels(image))
    smallest = max(_SMALLEST, round(smallest * scale))
    largest = min(pixels.shape[:2])
    if largest <= smallest:
        return []
    path = import_module("skimage.data").lbp_frontal_face_cascade_filename()
    found = (
        import_module("skimage.feature")
        .Cascade(path)
        .detect_multi_scale(
            pixels,
            scale_factor=1.2,
            step_ratio=1,
            min_size=(smallest, smallest),
            max_size=(largest, largest),
            min_neighbor_number=agreement,
        )
    )
    sides = ([each[name] / scale for name in ("c", "r", "width", "height")] for each in found)
    return _apart([Face(*each) for each in sides])


def by_yunet(image: Image, model: File, confidence: float) -> list[Face]:
    """Find faces by a YuNet model (Wu et al., YuNet: A Tiny Millisecond-level Face Detector, 2023), by OpenCV.

    Args:
        image: one picture.
        model: an ONNX file.
        confidence: how sure it must be, 0 to 1.

    Raises:
        ModelRefused: OpenCV cannot read the file as such a model.
    """
    pixels = np.ascontiguousarray(_levels(image)[..., ::-1])  # blue first
    if model.path.suffix.lower() != ".onnx" or model.path.stat().st_size > _LARGEST_MODEL:
        raise ModelRefused(f"{model.reference!r} is no .onnx file of at most 256 MiB", hint="Choose a YuNet model.")
    try:
        detector = cv2.FaceDetectorYN.create(str(model.path), "", (image.width, image.height), confidence)
        _, rows = detector.detect(pixels)
    except cv2.error as error:
        raise ModelRefused(
            f"{model.reference!r} finds no faces: it is no YuNet model that OpenCV can read", hint=str(error.err)[:200]
        ) from error
    return _apart([Face(*map(float, row[:4])) for row in (() if rows is None else rows)])


def mask_of(face: Face, grow: float, width: int, height: int) -> Mask:
    """Return the mask of an ellipse around a face in a picture.

    Args:
        grow: how much larger than the box it is, in parts of the box on each side.
        width, height: of the picture in pixels.
    """
    across, down = (side * (1 + 2 * grow) for side in (face.width, face.height))
    x, y = face.x - face.width * grow, face.y - face.height * grow
    return Mask(ellipse(width, height, x, y, across, down)[None].contiguous())


def _levels(image: Image) -> NDArray[np.uint8]:
    if image.batch != 1:
        raise NodeError(f"faces are looked for in one picture, not in {image.batch}", hint="Link a list of pictures.")
    pixels: Tensor = (image.pixels[0, ..., :3].clamp(0, 1) * 255).round().to(torch.uint8)
    levels: NDArray[Any] = pixels.numpy()
    return levels


def _shrunk(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """Return a picture of at most 1536 pixels a side, and its size in parts of that of the whole."""
    height, width = pixels.shape[:2]
    scale = _LONGEST / max(height, width)
    if scale >= 1:
        return pixels, 1.0
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), scale


def _apart(faces: list[Face]) -> list[Face]:
    """Return faces, largest first, without those that lie on larger ones."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda each: (-each.width * each.height, each.x, each.y)):
        if all(face.shared(other) < _CALM for other in kept):
            kept.append(face)
    return kept
