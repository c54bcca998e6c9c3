"""Masks: their sizes, their edges, and where they lie."""

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError

_STEP = 8  # pixels that a mask grows at a time: the work of a disk rises with its area


def require_fit(mask: Mask, image: Image) -> None:
    """Check that a mask has the size of the pictures, and that there is one for all or for each.

    Raises:
        NodeError: it has not.
    """
    count, height, width = mask.values.shape
    if (height, width) != (image.height, image.width) or count not in {1, image.batch}:
        raise NodeError(
            f"{count} masks of {width} × {height} do not fit {image.batch} pictures of {image.width} × {image.height}",
            hint="Resize the mask to the size of the picture; use one mask, or as many as there are pictures.",
        )


def resized_mask(mask: Mask, width: int, height: int) -> Mask:
    """Return a mask of another size, stretched; it is smoothed where it becomes smaller.

    Args:
        width, height: in pixels.
    """
    if mask.values.shape[1:] == (height, width):
        return Mask(mask.values.contiguous())
    planes = mask.values.unsqueeze(1)
    scaled = functional.interpolate(planes, size=(height, width), mode="bilinear", antialias=True)
    return Mask(scaled.squeeze(1).clamp(0, 1).contiguous())


def ellipse(width: int, height: int, x: float, y: float, across: float, down: float) -> Tensor:
    """Return about how much of each pixel [height, width] lies in an ellipse, by the first-order distance to its edge.

    Args:
        width, height: of the picture in pixels.
        x, y: the left upper corner of the box around the ellipse.
        across, down: the width and height of that box.
    """
    a, b = across / 2, down / 2
    columns = (torch.arange(width) + 0.5 - x - a)[None, :]
    rows = (torch.arange(height) + 0.5 - y - b)[:, None]
    level = torch.hypot(columns / a, rows / b)
    slope = torch.hypot(columns / a**2, rows / b**2).clamp_min(1e-9)
    return (0.5 - level * (level - 1) / slope).clamp(0, 1)


def grown(values: Tensor, distance: int) -> Tensor:
    """Grow masks [batch, height, width] by ``distance`` pixels in all directions, or shrink them if it is negative.

    Dilation and erosion with disks (Serra 1982); beyond the edge of a picture there is neither mask nor none.
    """
    change = cv2.dilate if distance > 0 else cv2.erode
    left = abs(distance)
    while left > 0:
        values = each_mask(values, partial(change, kernel=_disk(min(left, _STEP))))
        left -= _STEP
    return values


def _disk(radius: int) -> np.ndarray:
    places = np.arange(-radius, radius + 1)
    return (places[:, None] ** 2 + places**2 <= radius**2).astype(np.uint8)


def softened(values: Tensor, radius: float) -> Tensor:
    """Blur masks [batch, height, width] with a Gaussian of the standard deviation ``radius`` in pixels."""
    if radius == 0:
        return values
    return torch.from_numpy(gaussian_filter(values.numpy(), (0, radius, radius), mode="nearest")).clamp(0, 1)


def softened_inside(values: Tensor, radius: float) -> Tensor:
    """Let masks rise from 0 at their edge to 1 within about two ``radius``; what was 0 stays 0, to the bit."""
    return torch.minimum(values, (2 * softened(values, radius) - 1).clamp(0, 1)) if radius > 0 else values


def each_mask(values: Tensor, change: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """Apply a function to every mask of [batch, height, width], which must not write."""
    return torch.from_numpy(np.stack([change(mask) for mask in values.numpy()]).astype(np.float32))


def box_of(values: Tensor, level: float = 0.0) -> tuple[int, int, int, int] | None:
    """Return left, top, right and bottom (after the last pixel) of what is above ``level`` in any mask, or None."""
    above = (values > level).any(0)
    rows, columns = above.any(1).nonzero(), above.any(0).nonzero()
    if len(rows) == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
