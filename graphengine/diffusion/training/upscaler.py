"""Training an upscaler: a small convolutional network that makes pictures larger by a whole factor.

The architecture is the compact one of Real-ESRGAN (Wang et al., Real-ESRGAN: Training Real-World Blind
Super-Resolution with Pure Synthetic Data, 2021): plain convolutions at the small size, then a pixel shuffle (Shi et
al., 2016), on top of the picture enlarged by repetition. Its weights have the names that other tools know it by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from graphengine.diffusion.evaluation.likeness import psnr
from graphengine.diffusion.pool.construction import construction

UPSCALER = "upscaler"
"""What the weights of such a network are called."""

WIDEST = 256
"""The most channels of a convolution."""

MOST = 4
"""How many times longer the sides become at most."""

Picture = Callable[[np.random.Generator], NDArray[np.uint8]]
"""Draws a training picture, of shape [height, width, 3]."""


@dataclass(frozen=True, slots=True)
class UpscalerRecipe:
    """Size and diet of an upscaler.

    Attributes:
        factor: how many times longer the sides become.
        width: channels of every convolution.
        depth: convolutions between the first and the last.
        crop: side of the training crops in pixels, after the enlargement; a multiple of the factor.
        batch: crops per step.
    """

    factor: int = 2
    width: int = 32
    depth: int = 8
    crop: int = 64
    batch: int = 16


class CompactUpscaler(nn.Module):
    """Pictures of shape [batch, 3, height, width] in 0..1 to ones whose sides are ``factor`` times longer."""

    def __init__(self, factor: int = 2, width: int = 32, depth: int = 8) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.PReLU(width)]
        for _ in range(depth):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        last = nn.Conv2d(width, 3 * factor * factor, 3, padding=1)
        self.body = nn.ModuleList([*layers, last])
        for layer in self.body:
            if isinstance(layer, nn.Conv2d):  # torch's own start lets a signal fade away over the depth
                nn.init.kaiming_normal_(layer.weight, a=0.25)
        for parameter in last.parameters():  # it begins as the plain enlargement
            nn.init.zeros_(parameter)
        self.factor = factor

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge."""
        deep = small
        for layer in self.body:
            deep = layer(deep)
        enlarged = functional.interpolate(small, scale_factor=self.factor, mode="nearest")
        return functional.pixel_shuffle(deep, self.factor) + enlarged


def shrunk(large: Tensor, factor: int) -> Tensor:
    """Make pictures smaller as pictures are made smaller: bicubic, with a filter as wide as the factor."""
    size = (large.shape[-2] // factor, large.shape[-1] // factor)
    return functional.interpolate(large, size, mode="bicubic", antialias=True).clamp(0, 1)


class UpscalerTask:
    """Reconstruction of crops that were made smaller (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: the network and its diet.
        picture: draws training pictures, at least as large as a crop.
        control: pictures apart from training, fp32 of shape [n, 3, height, width] in 0..1.
        device: where to compute.
    """

    module: nn.Module

    def __init__(self, recipe: UpscalerRecipe, picture: Picture, control: Tensor, device: torch.device) -> None:
        self._recipe, self._picture, self._device = recipe, picture, device
        self._network = CompactUpscaler(recipe.factor, recipe.width, recipe.depth).to(device)
        self._control = control.to(device)
        self._small = shrunk(self._control, recipe.factor)
        bicubic = functional.interpolate(self._small, self._control.shape[-2:], mode="bicubic").clamp(0, 1)
        self._bicubic = _psnr(bicubic, self._control)
        self.module = self._network

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Mean of the absolute error between crops and what is made of the small ones."""
        crops = np.stack([self._crop(rng) for _ in range(self._recipe.batch)])
        large = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255).to(self._device)
        made = self._network(shrunk(large, self._recipe.factor))
        loss: Tensor = (made - large).abs().mean() + 4 * (made - large).square().mean()
        return loss

    def measure(self) -> dict[str, float]:
        """PSNR (dB) of enlarged pictures apart from training, and what bicubic enlargement has there."""
        made = self._network(self._small).clamp(0, 1)
        return {"psnr": _psnr(made, self._control), "bicubic": self._bicubic}

    def _crop(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Crop where something is: the most uneven of four places of a picture, and turn it."""
        picture, side = self._picture(rng), self._recipe.crop
        room = np.array(picture.shape[:2]) - side + 1
        places = [rng.integers(0, room) for _ in range(4)]
        crops = [picture[y : y + side, x : x + side] for y, x in places]
        best = max(crops, key=lambda crop: float(np.abs(np.diff(crop[::2, ::2].astype(np.int16), axis=0)).sum()))
        turned = np.rot90(best, int(rng.integers(4)))
        return np.ascontiguousarray(turned[:, ::-1] if rng.random() < 0.5 else turned)


def _psnr(made: Tensor, true: Tensor) -> float:
    """Return the mean over the pictures, none of which counts as better than 100 dB."""
    return float(psnr(made, true).clamp_max(100).mean())


def upscaler_from(tensors: Mapping[str, Tensor]) -> CompactUpscaler:
    """Build the upscaler that some weights are of, whose size is read from them.

    Raises:
        ValueError: these are no weights of an upscaler.
    """
    try:
        numbers = sorted({int(name.split(".")[1]) for name in tensors})
        width, last = tensors["body.0.weight"].shape[0], tensors[f"body.{numbers[-1]}.weight"].shape[0]
        factor, depth = _within(round((last / 3) ** 0.5), MOST), (len(numbers) - 3) // 2
        with construction():
            network = CompactUpscaler(factor, _within(width, WIDEST), depth)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (LookupError, ValueError, RuntimeError) as error:
        raise ValueError(f"these are no weights of a compact upscaler: {error}") from error
    return network.eval().requires_grad_(False)


def _within(size: int, most: int) -> int:
    """Return a size that a file tells, before anything of it is made."""
    if not 1 <= size <= most:
        raise ValueError(f"{size} is not from 1 to {most}")
    return size
