"""Noise that moves with what is seen, so that what a model makes of it moves too."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphengine.diffusion.video.motion import Motion, Picture, motion_between


class MovingNoise:
    """White noise that sticks to what moves.

    There is a value for each pixel and channel. From frame to frame each pixel takes those of the pixel it came from,
    whole, never mixed, so that they stay independent and of unit variance; parts of pixels are carried over until they
    are whole. What comes into sight, and all but one of several pixels that came from the same, get fresh values. A
    cell of a latent is the sum of its pixels, over its side.

    Source: the idea is that of Chang et al., How I Warped Your Noise (2024), and Burgert et al., Go-with-the-Flow
    (2025).

    Args:
        channels: of the latents.
        stride: pixels per cell along each side.
        seed: of all values.
    """

    def __init__(self, channels: int, stride: int, seed: int) -> None:
        self._channels, self._stride = channels, stride
        self._source = torch.Generator("cpu").manual_seed(seed)
        self._last: Picture | None = None
        self._values: NDArray[np.float32] = np.empty(0, np.float32)
        self._carried: NDArray[np.float32] = np.empty(0, np.float32)

    def follow(self, frame: Picture) -> Tensor:
        """Return the noise of the next frame: [1, channels, height / stride, width / stride].

        Args:
            frame: of the size of the one before; after another size all is fresh.
        """
        height, width = frame.shape[:2]
        if self._last is None or self._last.shape != frame.shape:
            self._values = self._fresh(height * width).reshape(height, width, -1)
            self._carried = np.zeros((height, width, 2), np.float32)
        else:
            self._move(motion_between(self._last, frame))
        self._last = frame
        return self._cells()

    def _fresh(self, count: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = torch.randn(count, self._channels, generator=self._source).numpy()
        return values

    def _move(self, motion: Motion) -> None:
        height, width = motion.back.shape[:2]
        y, x = np.mgrid[:height, :width]
        here = np.stack((x, y), -1)
        near = _inside(np.rint(here + motion.back).astype(int), width, height)
        wanted = here + motion.back + self._carried[near[..., 1], near[..., 0]]
        place = np.rint(wanted).astype(int)
        origin = _inside(place, width, height)
        number = (origin[..., 1] * width + origin[..., 0]).reshape(-1)
        known = ((origin == place).all(-1) & (motion.only_second == 0)).reshape(-1)
        candidates = np.flatnonzero(known)
        _, chosen = np.unique(number[candidates], return_index=True)
        kept = candidates[chosen]
        values = self._fresh(height * width)
        values[kept] = self._values.reshape(-1, self._channels)[number[kept]]
        self._values = values.reshape(height, width, -1)
        carried = np.zeros((height * width, 2), np.float32)
        carried[known] = (wanted - place).reshape(-1, 2)[known]
        self._carried = carried.reshape(height, width, 2)

    def _cells(self) -> Tensor:
        side = self._stride
        height, width = (each // side for each in self._values.shape[:2])
        blocks = self._values[: height * side, : width * side].reshape(height, side, width, side, self._channels)
        cells = blocks.sum((1, 3), dtype=np.float32) / side
        return torch.from_numpy(cells).permute(2, 0, 1)[None].contiguous()


def _inside(place: NDArray[np.int_], width: int, height: int) -> NDArray[np.int_]:
    return np.clip(place, 0, (width - 1, height - 1))
