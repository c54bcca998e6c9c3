"""What lies behind the things that a picture shows, guessed from what is beside them."""

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Plane = NDArray[np.float32]
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]

_SOFT = 2
"""The pixels beside an outline whose colours are of both sides."""


def behind(pixels: Tensor, depth: Tensor, *, edge: float, reach: int) -> tuple[Tensor, Tensor]:
    """Return a picture and its depth with the rims of things taken away, so far as a moved camera may look behind them.

    Where depth jumps, what is beyond goes on behind the nearer side, from the nearest jump in a row or column: a ridge
    behind a roof, the ground behind a wall.

    Args:
        pixels: [height, width, channels].
        depth: [height, width].
        edge: a jump is a ratio of neighbours' distances above 1 + edge.
        reach: how many pixels of the nearer side are taken away.
    """
    plane = depth.numpy()
    source = _sources(plane, edge, reach)
    found = source >= 0
    if not found.any():
        return pixels, depth
    image, far = pixels.clone(), plane.copy()
    image[torch.from_numpy(found)] = pixels.reshape(-1, pixels.shape[-1])[torch.from_numpy(source[found])]
    far[found] = plane.ravel()[source[found]]
    size = 2 * _SOFT + 1
    soft = (cv2.dilate(found.astype(np.uint8), np.ones((size, size), np.uint8)) > 0) & ~found
    return filled(image, torch.from_numpy(soft)), torch.from_numpy(np.maximum(_filled_plane(far, soft), plane))


def widened(depth: Tensor, by: int) -> Tensor:
    """Return distances with what is near some pixels wider on all sides."""
    if by == 0:
        return depth
    return torch.from_numpy(cv2.erode(depth.numpy(), np.ones((2 * by + 1, 2 * by + 1), np.uint8)))


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


def _sources(depth: Plane, edge: float, reach: int) -> Places:
    """Return for each pixel the place of that which goes on behind it, beyond the nearest jump, or -1."""
    flat = np.arange(depth.size).reshape(depth.shape)
    best = np.full(depth.shape, -1)
    near = np.full(depth.shape, reach + 1)
    for turns in range(4):  # whatever way is looked, it is to the left
        looked, place, distance = (np.rot90(each, turns) for each in (depth, best, near))
        source, steps = _beyond_left(looked, np.rot90(flat, turns), edge)
        is_nearer = (source >= 0) & (steps < distance)
        place[is_nearer], distance[is_nearer] = source[is_nearer], steps[is_nearer]
    return best


def _beyond_left(depth: Plane, flat: Places, edge: float) -> tuple[Places, Places]:
    """Return for each pixel the place of that beyond the next jump to its left, or -1, and the way to the jump."""
    across = np.arange(depth.shape[1])
    ratio = depth[:, :-1] / depth[:, 1:]
    falls, rises = (
        np.pad(np.where(jumps, across[1:], -1), ((0, 0), (1, 0)), constant_values=-1)
        for jumps in (ratio > 1 + edge, ratio < 1 / (1 + edge))
    )
    jump = np.maximum.accumulate(falls, axis=1)
    is_open = jump >= np.maximum.accumulate(rises, axis=1)  # nothing nearer stands between
    source = np.clip(jump - 1 - _SOFT, 0, None)
    beyond = np.take_along_axis(depth, source, axis=1)
    is_there = (jump >= 0) & is_open & (beyond > depth * (1 + edge))
    return np.where(is_there, np.take_along_axis(flat, source, axis=1), -1), across - jump + 1


def _filled_plane(plane: Plane, gone: Mask) -> Plane:
    """Fill places of a plane of distances from around them."""
    made: Plane = cv2.inpaint(plane, gone.astype(np.uint8), 3, cv2.INPAINT_TELEA)
    return np.where(gone, made, plane)
