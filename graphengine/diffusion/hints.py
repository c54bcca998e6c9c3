"""What ControlNets are shown of pictures: depth or edges, as pictures of their own."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

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


def edges_of(pixels: NDArray[np.uint8], low: float = LOW, high: float = HIGH) -> NDArray[np.uint8]:
    """Find the edges in a picture (Canny, A Computational Approach to Edge Detection, 1986).

    Args:
        pixels: [height, width, 3], sRGB.
        low: the strength above which what goes on from an edge is one too, from 0 to about 1,000.
        high: the strength above which an edge begins.

    Returns:
        [height, width]: 255 on edges, 0 elsewhere.
    """
    found: NDArray[np.uint8] = cv2.Canny(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), low, high).astype(np.uint8)
    return found


def hints_of(dataset: Dataset) -> Callable[[int], Tensor]:
    """Return what makes the hint of the picture at an index: [1, 3, size, size], 0 to 1.

    It raises NodeError for depth that is not known: of pictures from files, and of figures on plain ground.

    Raises:
        NodeError: the dataset has no hints.
    """
    match dataset.hints:
        case "depth":
            relief = Reader(dataset).relief
            return lambda index: _in_colours(depth_levels(torch.from_numpy(relief(index))[None]))
        case "edges":
            picture = Reader(dataset).picture
            return lambda index: _in_colours(torch.from_numpy(edges_of(picture(index)))[None].float() / 255)
        case None:
            raise NodeError("the dataset has no hints", hint="Link it through Dataset with hints.")
        case source:
            shown = Reader(Dataset(dataset.count, dataset.size, source)).picture
            return lambda index: torch.from_numpy(shown(index).copy()).permute(2, 0, 1)[None].float() / 255


def _in_colours(levels: Tensor) -> Tensor:
    """Show levels [1, height, width] as grey: [1, 3, height, width]."""
    return levels[:, None].expand(-1, 3, -1, -1)
