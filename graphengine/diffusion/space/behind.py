"""What lies behind the things that a picture shows, guessed from what is beside them."""

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def behind(pixels: Tensor, depth: Tensor, *, edge: float, reach: int) -> tuple[Tensor, Tensor]:
    """Return a picture and its depth with the rims of things taken away, so far as a moved camera may look behind them.

    Where depth jumps, the nearer side is filled from the further one.

    Args:
        pixels: [height, width, channels].
        depth: [height, width].
        edge: a jump is a ratio of neighbours' distances above 1 + edge.
        reach: how many pixels of the nearer side are taken away.
    """
    beyond = _beyond(depth.numpy(), edge)
    spread = cv2.dilate(beyond, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    gone = (spread > 0) & (depth.numpy() * (1 + edge) < spread)
    if not gone.any():
        return pixels, depth
    gone = cv2.dilate(gone.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # soft edges have colours of both sides
    return filled(pixels, torch.from_numpy(gone)), _filled_plane(depth, gone)


def filled(pixels: Tensor, gone: Tensor) -> Tensor:
    """Fill places of a picture from around them.

    Args:
        pixels: [height, width, channels], 0..1.
        gone: [height, width], where to fill.

    Source: Telea, An Image Inpainting Technique Based on the Fast Marching Method (2004), as OpenCV has it.
    """
    if not gone.any() or gone.all():
        return pixels
    levels = (pixels[..., :3].clamp(0, 1) * 255).round().byte().numpy()
    made: NDArray[Any] = cv2.inpaint(np.ascontiguousarray(levels), gone.numpy().astype(np.uint8), 3, cv2.INPAINT_TELEA)
    result = pixels.clone()
    result[..., :3][gone] = torch.from_numpy(made).float()[gone] / 255
    if pixels.shape[-1] == 4:
        result[..., 3][gone] = 1.0
    return result


def _filled_plane(depth: Tensor, gone: NDArray[np.bool_]) -> Tensor:
    made: NDArray[Any] = cv2.inpaint(depth.numpy(), gone.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    found = torch.from_numpy(made)
    return torch.where(torch.from_numpy(gone), torch.maximum(found, depth), depth)


def _beyond(depth: NDArray[np.float32], edge: float) -> NDArray[np.float32]:
    """Return at both sides of each jump the further distance, and 0 elsewhere."""
    found = np.zeros_like(depth)
    for one, other in (
        ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
    ):
        near, far = np.minimum(depth[one], depth[other]), np.maximum(depth[one], depth[other])
        jump = np.where(far > near * (1 + edge), far, 0)
        for side in (one, other):
            found[side] = np.maximum(found[side], jump)
    return found
