"""Training something beside a frozen denoiser, by how well both together denoise pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.training.material import Material, joined
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef


@dataclass(frozen=True, slots=True)
class Diet:
    """What a training is fed with.

    Attributes:
        batch: pictures per step.
        drop: the share of captions that are left away, so that guidance goes on working (Ho & Salimans 2022).
        snr_cap: the largest signal-to-noise ratio that adds weight (min-SNR's gamma, Hang et al. 2023); 0: all noise
            levels alike.
    """

    batch: int
    drop: float
    snr_cap: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Noisy pictures to denoise.

    Attributes:
        material: where they are from.
        indices: which of it they are.
        latents: without noise, [batch, channels, height, width]; ``noise`` is what is added.
        texts: a row for each.
        timesteps: how noisy each is.
    """

    material: Material
    indices: tuple[int, ...]
    latents: Tensor
    texts: ConditioningEntry
    noise: Tensor
    timesteps: Tensor

    def hints(self) -> Tensor:
        """Return what a ControlNet reads of each: [batch, 3, height, width], on the device of the latents."""
        return torch.cat([self.material.hint(index) for index in self.indices]).to(self.latents.device)


class DenoisingTask:
    """Denoising of pictures by a frozen denoiser with what is trained; subclasses say what that is.

    It is a :class:`graphengine.diffusion.training.loop.Task`.

    Attributes:
        module: what is trained; it is there before this is initialised.

    Args:
        diet: of the training.
        family: of the denoiser.
        denoiser: what predicts, with what is trained in it or beside it.
        model: what it is.
        material: to learn from.
        control: to measure on.
    """

    module: nn.Module

    def __init__(
        self, diet: Diet, family: Family, denoiser: Denoiser, model: ModelRef, material: Material, control: Material
    ) -> None:
        self._diet, self._family, self._model = diet, family, model
        self._material, self._control = material, control
        self._denoiser = denoiser
        self._signal = DDPMScheduler.from_config(dict(denoiser.scheduler)).alphas_cumprod.to(denoiser.device)
        with torch.no_grad():
            self._untrained = self._control_error()

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the prediction on one random batch."""
        indices = [int(index) for index in rng.integers(0, self._material.count, self._diet.batch)]
        batch = self._batch(self._material, indices, rng, self._diet.drop)
        signal = self._signal[batch.timesteps]
        weighted: Tensor = self._error(batch, signal) * self._weights_of(signal)
        return weighted.mean()

    def measure(self) -> dict[str, float]:
        """Tell the error on the control pictures, and which share of what it was without the training is gone."""
        error = self._control_error()
        return {"error": error, "gain": 1 - error / self._untrained}

    def _control_error(self) -> float:
        """Compute the error on the control pictures, always with the same noise and timesteps."""
        total = 0.0
        for start in range(0, self._control.count, self._diet.batch):
            indices = list(range(start, min(start + self._diet.batch, self._control.count)))
            batch = self._batch(self._control, indices, np.random.default_rng(start), 0.0)
            total += float(self._error(batch, self._signal[batch.timesteps]).sum())
        return total / self._control.count

    def _weights_of(self, signal: Tensor) -> Tensor:
        if not self._diet.snr_cap:
            return torch.ones_like(signal)
        snr = signal / (1 - signal)
        capped = snr.clamp_max(self._diet.snr_cap)
        return capped / (snr + 1) if self._model.prediction == "v_prediction" else capped / snr

    def _batch(self, material: Material, indices: list[int], rng: np.random.Generator, drop: float) -> Batch:
        latents = torch.cat([material.latent(index) for index in indices])
        texts = [material.text(None if rng.random() < drop else index) for index in indices]
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(latents.shape, generator=generator)
        steps = len(self._signal)
        even = (torch.arange(len(indices)) + torch.rand(1, generator=generator)) / len(indices)
        timesteps = (even * steps).long().clamp_max(steps - 1)
        device = self._denoiser.device
        held = (latents.to(device), joined(texts), noise.to(device), timesteps.to(device))
        return Batch(material, tuple(indices), *held)

    def _error(self, batch: Batch, signal: Tensor) -> Tensor:
        """Squared error of the prediction, averaged within each picture: shape [batch]."""
        alpha, sigma = (level.sqrt()[:, None, None, None] for level in (signal, 1 - signal))
        noisy = alpha * batch.latents + sigma * batch.noise
        target = batch.noise
        if self._model.prediction == "v_prediction":
            target = alpha * batch.noise - sigma * batch.latents
        device = self._denoiser.device.type
        with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
            predicted = self._predicted(batch, noisy)
        error: Tensor = (predicted.float() - target).square().mean(dim=(1, 2, 3))
        return error

    def _predicted(self, batch: Batch, noisy: Tensor) -> Tensor:
        latent = Latent(noisy, self._model.family, self._model.latent)
        predict = self._family.begin(
            self._denoiser, [batch.texts], latent=latent, guidance=1.0, beside=None, unwanted=0
        )
        return predict(noisy, batch.timesteps)[0]


def suited_for_training(network: Any, device: torch.device) -> None:
    """Give a network on a CPU the plain attention: the fused one's backward pass takes half of a step there."""
    if device.type == "cpu" and hasattr(network, "set_attn_processor"):
        network.set_attn_processor(AttnProcessor())
