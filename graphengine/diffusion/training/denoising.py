"""Predicting what was mixed into latents, by a denoiser of any family: the loss of all trainings of denoisers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.training.material import Material
from graphengine.diffusion.training.objective import Levels, Objective
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef

Texts = Callable[[Material, Sequence[int | None]], ConditioningEntry]
"""Encodes the captions of a dataset at some places, where it is None the empty one: a row for each."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures to denoise.

    Attributes:
        material: where they are from.
        indices: which of it they are.
        latents: without noise, [batch, channels, height, width], or with frames before the height for models of videos;
            ``noise`` is what they are mixed with.
        texts: what is to be seen in them, a row for each.
        levels: how noisy each becomes.
    """

    material: Material
    indices: tuple[int, ...]
    latents: Tensor
    texts: ConditioningEntry
    noise: Tensor
    levels: Levels

    def hints(self) -> Tensor:
        """Return what a ControlNet reads of each: [batch, 3, height, width], on the device of the latents."""
        return torch.cat([self.material.hint(index) for index in self.indices]).to(self.latents.device)


class Denoising:
    """Predicting, and how wrong it is.

    Args:
        family: of the denoiser.
        denoiser: predicts.
        model: what it is.
        texts: encodes captions.
        drop: the share of captions that are left away, so that guidance works (Ho & Salimans 2022).
        snr_cap: see :meth:`~graphengine.diffusion.training.objective.Objective.weights`.
        bf16: compute in bfloat16 under autocast, weights stay fp32.
        show: is told each batch before it is predicted.
    """

    def __init__(
        self,
        family: Family,
        denoiser: Denoiser,
        model: ModelRef,
        *,
        texts: Texts = Material.texts,
        drop: float = 0.0,
        snr_cap: float = 0.0,
        bf16: bool = False,
        show: Callable[[Batch], None] = lambda _: None,
    ) -> None:
        self._family, self._denoiser, self._model = family, denoiser, model
        self._texts, self._drop, self._cap, self._bf16, self._show = texts, drop, snr_cap, bf16, show
        self.objective = Objective(model.prediction, denoiser.scheduler, denoiser.device)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._denoiser.device

    def loss(self, material: Material, count: int, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error on one random batch."""
        indices = [int(index) for index in rng.integers(0, material.count, count)]
        batch = self.batch(material, indices, rng, self._drop)
        weighted: Tensor = self._error(batch) * self.objective.weights(batch.levels, self._cap)
        return weighted.mean()

    def control_error(self, control: Material, count: int) -> float:
        """Compute the error on all of a dataset, always with the same noise and levels; ``count`` at once."""
        total = 0.0
        for start in range(0, control.count, count):
            indices = list(range(start, min(start + count, control.count)))
            total += float(self._error(self.batch(control, indices, np.random.default_rng(start), 0.0)).sum())
        return total / control.count

    def batch(self, material: Material, indices: list[int], rng: np.random.Generator, drop: float) -> Batch:
        """Return the pictures of those indices, with noise."""
        latents = torch.cat([material.latent(index) for index in indices])
        texts = self._texts(material, [None if rng.random() < drop else index for index in indices])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(latents.shape, generator=generator)
        timing = self._family.timing(self._denoiser.scheduler, self._latent(latents))
        levels = self.objective.levels(len(indices), generator, timing.shift)
        device = self._denoiser.device
        return Batch(material, tuple(indices), latents.to(device), texts, noise.to(device), levels)

    def predicted(self, noisy: Tensor, texts: ConditioningEntry, timesteps: Tensor) -> Tensor:
        """Return what the denoiser predicts, fp32."""
        latent = self._latent(noisy)
        predict = self._family.begin(self._denoiser, [texts], latent=latent, guidance=1.0, beside=None, unwanted=0)
        with torch.autocast(self._denoiser.device.type, torch.bfloat16, enabled=self._bf16):
            return predict(noisy, timesteps)[0].float()

    def _latent(self, samples: Tensor) -> Latent:
        return Latent(samples, self._model.family, self._model.latent)

    def _error(self, batch: Batch) -> Tensor:
        """Squared error of the prediction, averaged within each picture: shape [batch]."""
        self._show(batch)
        noisy = batch.levels.mixed(batch.latents, batch.noise)
        target = self.objective.target(batch.levels, batch.latents, batch.noise)
        predicted = self.predicted(noisy, batch.texts, batch.levels.timesteps)
        error: Tensor = (predicted - target).square().flatten(1).mean(dim=1)
        return error
