"""Training a network that tells how far away what a picture shows is, on drawn landscapes, whose depth is known.

An encoder and a decoder with what the encoder saw at each size put beside what the decoder makes of it (Ronneberger et
al., U-Net, 2015): where a thing stands decides its distance, and the fine sizes give its outline. It tells the
logarithm of the distance, as errors of depth are relative ones (Eigen et al., Depth Map Prediction from a Single Image
using a Multi-Scale Deep Network, 2014); under the mean of the absolute error, an outline parts near from far and lies
not between them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.evaluation.depth import errors_of

DEPTH: Final = "depth"
"""What weights of such a network are called."""

WIDEST: Final = 128
"""The most channels of the first stage."""

STRIDE: Final = 16
"""The sides of pictures are multiples of this, in pixels."""

LONGEST: Final = 256
"""The longest side that it looks at, in pixels, as it has learnt to from pictures of 128; what is larger is shrunk."""

_SCALES = (0.75, 1.0, 1.0, 1.5, 2.0)
_STAGES = (1, 2, 4, 6, 8)
_MEDIUM = math.log(15.0)


@dataclass(frozen=True, slots=True)
class DepthRecipe:
    """Size and diet of a depth network.

    Attributes:
        width: channels at the size of the picture; four smaller sizes have 2, 4, 6 and 8 times as many.
        batch: pictures per step.
    """

    width: int = 8
    batch: int = 16


class DepthNet(nn.Module):
    """Pictures of shape [batch, 3, height, width] in 0..1 to the logarithm of distances, [batch, height, width].

    Both sides are multiples of 16 pixels.
    """

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        channels = [width * stage for stage in _STAGES]
        down: list[nn.Module] = [_block(5, channels[0])]  # red, green, blue, and where a pixel lies
        for before, after in pairwise(channels):
            down.append(nn.Sequential(_block(before, after, 2), _block(after, after)))
        self.down = nn.ModuleList(down)
        self.up = nn.ModuleList([_block(coarse + fine, fine) for fine, coarse in reversed(list(pairwise(channels)))])
        self.head = nn.Conv2d(width, 1, 3, padding=1)
        nn.init.constant_(self.head.bias, _MEDIUM)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        """Tell the logarithm of the distance."""
        height, width = pictures.shape[-2:]
        down = torch.linspace(-1, 1, height, device=pictures.device, dtype=pictures.dtype).view(1, 1, -1, 1)
        across = torch.linspace(-1, 1, width, device=pictures.device, dtype=pictures.dtype).view(1, 1, 1, -1)
        places = [each.expand(len(pictures), 1, height, width) for each in (down, across)]
        seen = torch.cat([2 * pictures - 1, *places], dim=1)
        found = []
        for stage in self.down:
            seen = stage(seen)
            found.append(seen)
        deep = found.pop()
        for stage in self.up:
            fine = found.pop()
            deep = stage(torch.cat([functional.interpolate(deep, fine.shape[-2:], mode="nearest"), fine], dim=1))
        told: Tensor = self.head(deep)[:, 0]
        return told

    def distances(self, pixels: Tensor) -> Tensor:
        """Return how far away what a picture of any size shows is, in metres: fp32 of [height, width] on the CPU.

        Args:
            pixels: [height, width, 3] in 0..1.
        """
        weight = self.head.weight
        picture = pixels.permute(2, 0, 1)[None].to(weight.device, weight.dtype)
        told = self(functional.interpolate(picture, looked_at(*pixels.shape[:2]), mode="bilinear", antialias=True))
        whole = functional.interpolate(told.float()[:, None], pixels.shape[:2], mode="bilinear", antialias=True)
        return whole[0, 0].exp().cpu()


def looked_at(height: int, width: int) -> tuple[int, int]:
    """Return the size in which a picture is looked at."""
    scale = min(1.0, LONGEST / max(height, width))
    tall, wide = (max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (height, width))
    return tall, wide


def _block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1), nn.GroupNorm(gcd(4, after), after), nn.SiLU()
    )


class DepthTask:
    """Telling depth (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: the network and its diet.
        data: pictures to learn from, with depth.
        control: pictures to measure on, with depth.
        device: where to compute.
    """

    module: nn.Module

    def __init__(self, recipe: DepthRecipe, data: Reader, control: Reader, device: torch.device) -> None:
        self._recipe, self._data, self._control, self._device = recipe, data, control, device
        self._network = DepthNet(recipe.width).to(device)
        self.module = self._network

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Mean of the absolute error of the logarithm, over pictures in one of several sizes, some of them mirrored.

        Each was made a little lighter or darker, and noisy: what models make is not as clean as what is drawn.
        """
        indices = [int(index) for index in rng.integers(len(self._data), size=self._recipe.batch)]
        pictures, depth = self._pictures(self._data, indices), self._depth(self._data, indices)
        size = max(1, round(depth.shape[-1] * float(rng.choice(_SCALES)) / STRIDE)) * STRIDE
        mirrored = torch.from_numpy(rng.random(len(indices)) < 0.5).view(-1, 1, 1).to(self._device)
        pictures = torch.where(mirrored[..., None], pictures.flip(-1), pictures)
        depth = torch.where(mirrored, depth.flip(-1), depth)
        light = torch.from_numpy(rng.uniform(0.85, 1.15, (len(indices), 3, 1, 1))).float().to(self._device)
        grain = rng.uniform(0, 0.04, (len(indices), 1, 1, 1)) * rng.standard_normal((len(indices), 3, size, size))
        seen = functional.interpolate(pictures * light, (size, size), mode="bilinear", antialias=True)
        seen = (seen + torch.from_numpy(grain).float().to(self._device)).clamp(0, 1)
        wanted = functional.interpolate(depth.log()[:, None], (size, size), mode="nearest-exact")[:, 0]
        loss: Tensor = (self._network(seen) - wanted).abs().mean()
        return loss

    def measure(self) -> dict[str, float]:
        """Tell the correlation with the true depth and the mean relative error on the control pictures."""
        found = []
        for start in range(0, len(self._control), 16):
            indices = range(start, min(start + 16, len(self._control)))
            told = self._network(self._pictures(self._control, indices)).exp()
            found.append(errors_of(told.cpu(), self._depth(self._control, indices).cpu()))
        return {
            "correlation": float(torch.cat([each.correlation for each in found]).mean()),
            "abs_rel": float(torch.cat([each.abs_rel for each in found]).mean()),
        }

    def _pictures(self, reader: Reader, indices: Iterable[int]) -> Tensor:
        stacked = np.stack([reader.picture(index) for index in indices])
        return torch.from_numpy(stacked).permute(0, 3, 1, 2).float().to(self._device) / 255

    def _depth(self, reader: Reader, indices: Iterable[int]) -> Tensor:
        return torch.from_numpy(np.stack([reader.depth(index) for index in indices])).to(self._device)


def depth_from(tensors: Mapping[str, Tensor]) -> DepthNet:
    """Build the depth network that some weights are of, whose size is read from them, under the construction lock.

    Raises:
        ValueError: these are no weights of a depth network.
    """
    first = tensors.get("down.0.0.weight")
    width = first.shape[0] if first is not None and first.ndim else 0
    if not 1 <= width <= WIDEST:  # before anything of that size is made
        raise ValueError(f"these are no weights of a depth network: its first stage has {width} channels")
    try:
        network = DepthNet(width)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (LookupError, ValueError, RuntimeError) as error:
        raise ValueError(f"these are no weights of a depth network: {error}") from error
    return network.eval().requires_grad_(False)
