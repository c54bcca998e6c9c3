"""What ControlNets are shown of pictures: depth, edges or masks, as pictures of their own."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor

from graphengine.diffusion.colour import luma
from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.types.dataset import Dataset
from graphengine.errors import NodeError

LOW: Final = 100.0
HIGH: Final = 200.0
"""The thresholds of edges with which ControlNets for them are trained."""


def depth_levels(depth: Tensor) -> Tensor:
    """Return distances [batch, height, width] as levels of the same shape: 1 is nearest, even in 1/distance.

    The whole range from 0 to 1 is used for each of them.
    """
    inverse = 1 / depth
    low, high = inverse.amin((1, 2), keepdim=True), inverse.amax((1, 2), keepdim=True)
    return (inverse - low) / (high - low).clamp_min(torch.finfo(torch.float32).tiny)


def edges_of(pixels: Tensor, low: float = LOW, high: float = HIGH) -> Tensor:
    """Find the edges of pictures (Canny, A Computational Approach to Edge Detection, 1986).

    Args:
        pixels: [batch, height, width, 3], 0 to 1.
        low: how strong an edge must be to go on one that was found, in Sobel's filter of levels of 0 to 255.
        high: how strong one must be to be found by itself.

    Returns:
        [batch, height, width]: 1 on edges, 0 elsewhere.
    """
    levels = (luma(pixels).clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return torch.from_numpy(np.stack([cv2.Canny(each, low, high, L2gradient=True) for each in levels])).float().div(255)


def hints_of(dataset: Dataset) -> Callable[[int], Tensor]:
    """Return what makes the hint of the picture at an index: [1, 3, size, size], 0 to 1.

    It raises NodeError for what is not known: depth and masks of pictures from files, and depth of figures on plain
    ground.

    Raises:
        NodeError: the dataset has no hints.
    """
    match dataset.hints:
        case "depth":
            depth = Reader(dataset).depth
            return lambda index: _in_colours(depth_levels(torch.from_numpy(depth(index))[None]))
        case "edges":
            picture = Reader(dataset).picture
            return lambda index: _in_colours(edges_of(torch.from_numpy(picture(index).copy())[None].float() / 255))
        case "mask":
            mask = Reader(dataset).mask
            return lambda index: _in_colours(torch.from_numpy(mask(index).copy())[None].float() / 255)
        case None:
            raise NodeError("the dataset has no hints", hint="Link it through Dataset with hints.")
        case source:
            shown = Reader(dataset).beside(source)
            return lambda index: torch.from_numpy(shown(index).copy()).permute(2, 0, 1)[None].float() / 255


def _in_colours(levels: Tensor) -> Tensor:
    """Show levels [1, height, width] as grey: [1, 3, height, width]."""
    return levels[:, None].expand(-1, 3, -1, -1)
