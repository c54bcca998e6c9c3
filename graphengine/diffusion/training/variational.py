"""Training a generator as the decoder of a variational autoencoder.

An encoder tells of a picture with its tags how its noise is distributed, the generator makes the picture of noise and
tags again, and a distribution costs what it differs by from that of noise (Kingma & Welling, Auto-Encoding Variational
Bayes, 2014). Both are told the tags (Sohn et al., Learning Structured Output Representation using Deep Conditional
Generative Models, 2015).
"""

from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np
import torch
from torch import Tensor, nn

from graphengine.diffusion.evaluation.likeness import psnr
from graphengine.diffusion.training.generator import (
    NOISE,
    Examples,
    GeneratorForm,
    PictureGenerator,
    drawn_noise,
    nearness,
)


@dataclass(frozen=True, slots=True)
class VaeRecipe:
    """Size and diet of a variational autoencoder.

    Attributes:
        batch: pictures per step.
        spread: by how much a picture may differ from what is made of its noise, as a standard deviation of colours in
            0..1: the less, the sharper what is made again, and the further its noise from that which is drawn.
    """

    batch: int = 16
    spread: float = 0.1


class _Encoder(nn.Module):
    """Pictures [batch, 3, size, size] with tags to mean and logarithm of the variance of their noise, [batch, 64]."""

    def __init__(self, form: GeneratorForm) -> None:
        super().__init__()
        channels = form.channels()[::-1]
        self.first = nn.Conv2d(3, channels[0], 3, padding=1)
        self.stages = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv2d(before, after, 4, stride=2, padding=1), nn.GroupNorm(gcd(8, after), after), nn.SiLU()
                )
                for before, after in pairwise(channels)
            ]
        )
        self.last = nn.Linear(channels[-1] * 16 + len(form.tags), 2 * NOISE)

    def forward(self, pictures: Tensor, tags: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.first(2 * pictures - 1)
        for stage in self.stages:
            seen = stage(seen)
        mean, variance = self.last(torch.cat([seen.flatten(1), tags], dim=1)).chunk(2, dim=1)
        return mean, variance.clamp(-10, 10)


class _Autoencoder(nn.Module):
    def __init__(self, form: GeneratorForm) -> None:
        super().__init__()
        self.encoder = _Encoder(form)
        self.generator = PictureGenerator(form)


class VaeTask:
    """Making pictures of their noise again (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        form: what the generator is like.
        recipe: the diet.
        data: pictures to learn from.
        control: pictures to measure on, two and more.
        device: where to compute.
    """

    module: nn.Module

    def __init__(
        self, form: GeneratorForm, recipe: VaeRecipe, data: Examples, control: Examples, device: torch.device
    ) -> None:
        self.form = form
        self._recipe, self._data, self._control, self._device = recipe, data, control, device
        self._networks = _Autoencoder(form).to(device)
        self.module = self._networks

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Bound of the negative log-likelihood of pictures, up to a constant, per number of a picture."""
        pictures, tags = self._data.any(rng, self._recipe.batch)
        mean, variance = self._networks.encoder(pictures, tags)
        noise = mean + (variance / 2).exp() * drawn_noise(rng, len(tags), self._device)
        apart = (self._networks.generator(noise, tags) - pictures).square().flatten(1).sum(1)
        divergence = 0.5 * (mean.square() + variance.exp() - 1 - variance).sum(1)
        bound = apart / (2 * self._recipe.spread**2) + divergence
        loss: Tensor = bound.mean() / pictures[0].numel()
        return loss

    def measure(self) -> dict[str, float]:
        """Tell how near made pictures are to control pictures, and the PSNR (dB) of these when they are made again."""
        rng = np.random.default_rng(0)
        pictures, tags = self._control.at(range(len(self._control)))
        made = self._networks.generator(drawn_noise(rng, len(tags), self._device), tags)
        again = self._networks.generator(self._networks.encoder(pictures, tags)[0], tags)
        return {"nearness": nearness(made, pictures), "psnr": float(psnr(again, pictures).mean())}
