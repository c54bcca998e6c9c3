"""What a denoiser learns: to tell noise and picture apart at every level of noise, and how much each level counts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from graphengine.models.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Levels:
    """The noise levels of a batch: what the denoiser sees is signal · clean + noise · gaussian.

    Attributes:
        signal, noise: shape [batch].
        timesteps: what the denoiser is told, shape [batch].
    """

    signal: Tensor
    noise: Tensor
    timesteps: Tensor

    def mixed(self, clean: Tensor, gaussian: Tensor) -> Tensor:
        """Return noisy latents of the shape [batch, …] that ``clean`` and ``gaussian`` have."""
        return spread(self.signal, clean) * clean + spread(self.noise, clean) * gaussian


class Objective:
    """The task of a denoiser that predicts noise (Ho et al. 2020), velocity (Salimans & Ho 2022) or a flow.

    A flow (Lipman et al. 2023; Esser et al. 2024) leads along a straight line from the picture to the noise, and its
    levels are moved as the model's schedule says. Latents are [batch, channels, height, width], those of videos
    [batch, channels, frames, height, width].

    Args:
        prediction: what is predicted.
        scheduler: the noise schedule of training, as diffusers configures it.
        device: of the latents.
    """

    def __init__(self, prediction: Prediction, scheduler: Mapping[str, Any], device: torch.device) -> None:
        self._prediction, self._device = prediction, device
        self._count = int(scheduler.get("num_train_timesteps", 1000))
        self._shift = float(scheduler.get("shift") or 1.0)
        self._by_size = bool(scheduler.get("use_dynamic_shifting"))
        self._signal = torch.empty(0)
        if prediction != "flow":
            self._signal = DDPMScheduler.from_config(dict(scheduler)).alphas_cumprod.to(device)

    def levels(self, count: int, generator: torch.Generator, shift: float | None = None) -> Levels:
        """Return levels that are spread evenly (Kingma et al. 2021), which lowers the variance of the gradient.

        Args:
            count: how many.
            generator: of where the first lies.
            shift: how far those of a flow are moved towards noise for pictures of that size, in the logarithm, if the
                schedule leaves that to the size.
        """
        even = (torch.arange(count) + torch.rand(1, generator=generator)) / count
        if self._prediction == "flow":
            moved = math.exp(shift) if shift is not None and self._by_size else self._shift
            noise = (moved * even / (1 + (moved - 1) * even)).to(self._device)
            return Levels(1 - noise, noise, noise * self._count)
        return self.at((even * self._count).long().clamp_max(self._count - 1))

    def at(self, timesteps: Tensor) -> Levels:
        """Return the levels at trained timesteps, for models that predict no flow."""
        timesteps = timesteps.to(self._device)
        signal = self._signal[timesteps]
        return Levels(signal.sqrt(), (1 - signal).sqrt(), timesteps)

    def target(self, levels: Levels, clean: Tensor, gaussian: Tensor) -> Tensor:
        """Return what the denoiser shall predict."""
        if self._prediction == "epsilon":
            return gaussian
        if self._prediction == "flow":
            return gaussian - clean
        return spread(levels.signal, clean) * gaussian - spread(levels.noise, clean) * clean

    def clean(self, levels: Levels, seen: Tensor, predicted: Tensor) -> Tensor:
        """Return the latents without noise that a prediction stands for."""
        signal, noise = spread(levels.signal, seen), spread(levels.noise, seen)
        if self._prediction == "epsilon":
            return (seen - noise * predicted) / signal
        return seen - noise * predicted if self._prediction == "flow" else signal * seen - noise * predicted

    def towards(self, levels: Levels, seen: Tensor, clean: Tensor) -> Tensor:
        """Return the prediction that stands for certain latents without noise: the inverse of :meth:`clean`."""
        signal, noise = spread(levels.signal, seen), spread(levels.noise, seen)
        if self._prediction == "epsilon":
            return (seen - signal * clean) / noise
        return (seen - clean) / noise if self._prediction == "flow" else (signal * seen - clean) / noise

    def weights(self, levels: Levels, cap: float) -> Tensor:
        """Weigh the levels by min-SNR (Hang et al. 2023), [batch].

        Args:
            cap: the largest signal-to-noise ratio that adds weight; 0: all levels alike, as it is for flows.
        """
        if not cap or self._prediction == "flow":
            return torch.ones_like(levels.signal)
        snr = levels.signal.square() / levels.noise.square()
        capped = snr.clamp_max(cap)
        return capped / (snr + 1) if self._prediction == "v_prediction" else capped / snr


def spread(level: Tensor, latents: Tensor) -> Tensor:
    """Let the level of each latent meet all of its values."""
    return level.view(-1, *[1] * (latents.ndim - 1))
