"""Training a LoRA (Hu et al. 2022): thin matrices beside the layers of a denoiser, which itself stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from diffusers import DDPMScheduler
from diffusers.models.attention_processor import AttnProcessor
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser, shared_copy
from graphengine.diffusion.pool.construction import construction
from graphengine.diffusion.training.material import Material, joined
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef

Layers = Literal["attention", "attention and convolutions"]
"""Which layers get matrices."""

_NAME = "trained"


@dataclass(frozen=True, slots=True)
class LoraRecipe:
    """Size and diet of a LoRA.

    Attributes:
        rank: the shorter side of the matrices.
        alpha: their product is scaled by alpha / rank.
        layers: those of the attention blocks alone, or also the convolutions between them.
        batch: pictures per step.
        drop: the share of captions that are left away, so that guidance goes on working (Ho & Salimans 2022).
        snr_cap: the largest signal-to-noise ratio that adds weight (min-SNR's gamma, Hang et al. 2023); 0: all noise
            levels alike.
    """

    rank: int = 8
    alpha: float = 8.0
    layers: Layers = "attention"
    batch: int = 8
    drop: float = 0.1
    snr_cap: float = 5.0


@dataclass(frozen=True, slots=True)
class _Batch:
    latents: Tensor
    texts: ConditioningEntry
    noise: Tensor
    timesteps: Tensor


class LoraTask:
    """Denoising of pictures by a frozen denoiser with a LoRA (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: the LoRA and its diet.
        family: of the denoiser.
        denoiser: what it shall change. It is shared, and stays as it is.
        model: what it is.
        material: to learn from.
        control: to measure on.
        seed: of the first weights.
    """

    module: nn.Module

    def __init__(
        self,
        recipe: LoraRecipe,
        family: Family,
        denoiser: Denoiser,
        model: ModelRef,
        material: Material,
        control: Material,
        seed: int,
    ) -> None:
        self._recipe, self._family, self._model = recipe, family, model
        self._material, self._control = material, control
        self._denoiser = shared_copy(denoiser)
        self.weights = _inject(self._denoiser.module, recipe, seed)
        self.module = nn.ParameterDict({name.replace(".", "/"): each for name, each in self.weights.items()})
        if denoiser.device.type == "cpu" and hasattr(denoiser.module, "set_attn_processor"):
            # the fused attention's backward pass takes half of a step there; the plain one a tenth
            self._denoiser.module.set_attn_processor(AttnProcessor())
        self._signal = DDPMScheduler.from_config(dict(denoiser.scheduler)).alphas_cumprod.to(denoiser.device)
        with torch.no_grad():
            self._untrained = self._control_error()

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the prediction on one random batch."""
        indices = [int(index) for index in rng.integers(0, self._material.count, self._recipe.batch)]
        batch = self._batch(self._material, indices, rng, self._recipe.drop)
        signal = self._signal[batch.timesteps]
        weighted: Tensor = self._error(batch, signal) * self._weights_of(signal)
        return weighted.mean()

    def measure(self) -> dict[str, float]:
        """Tell the error on the control pictures, and which share of what it was without the LoRA is gone."""
        error = self._control_error()
        return {"error": error, "gain": 1 - error / self._untrained}

    def _control_error(self) -> float:
        """Compute the error on the control pictures, always with the same noise and timesteps."""
        total = 0.0
        for start in range(0, self._control.count, self._recipe.batch):
            indices = list(range(start, min(start + self._recipe.batch, self._control.count)))
            batch = self._batch(self._control, indices, np.random.default_rng(start), 0.0)
            total += float(self._error(batch, self._signal[batch.timesteps]).sum())
        return total / self._control.count

    def _weights_of(self, signal: Tensor) -> Tensor:
        if not self._recipe.snr_cap:
            return torch.ones_like(signal)
        snr = signal / (1 - signal)
        capped = snr.clamp_max(self._recipe.snr_cap)
        return capped / (snr + 1) if self._model.prediction == "v_prediction" else capped / snr

    def _batch(self, material: Material, indices: list[int], rng: np.random.Generator, drop: float) -> _Batch:
        latents = torch.cat([material.latent(index) for index in indices])
        texts = [material.text(None if rng.random() < drop else index) for index in indices]
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(latents.shape, generator=generator)
        steps = len(self._signal)
        even = (torch.arange(len(indices)) + torch.rand(1, generator=generator)) / len(indices)
        timesteps = (even * steps).long().clamp_max(steps - 1)
        device = self._denoiser.device
        return _Batch(latents.to(device), joined(texts), noise.to(device), timesteps.to(device))

    def _error(self, batch: _Batch, signal: Tensor) -> Tensor:
        """Squared error of the prediction, averaged within each picture: shape [batch]."""
        alpha, sigma = (level.sqrt()[:, None, None, None] for level in (signal, 1 - signal))
        noisy = alpha * batch.latents + sigma * batch.noise
        target = batch.noise
        if self._model.prediction == "v_prediction":
            target = alpha * batch.noise - sigma * batch.latents
        latent = Latent(noisy, self._model.family, self._model.latent)
        predict = self._family.begin(
            self._denoiser, [batch.texts], latent=latent, guidance=1.0, beside=None, unwanted=0
        )
        device = self._denoiser.device.type
        with torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
            predicted = predict(noisy, batch.timesteps)[0]
        error: Tensor = (predicted.float() - target).square().mean(dim=(1, 2, 3))
        return error


def as_file(weights: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """Name the weights of a LoRA as kohya's scripts do, which all tools read.

    Args:
        weights: by names as :class:`LoraTask` has them.
        alpha: see :class:`LoraRecipe`.

    Returns:
        for each layer ``lora_unet_….lora_down.weight``, ``….lora_up.weight`` and ``….alpha``, fp32 on the CPU.
    """
    tensors: dict[str, Tensor] = {}
    for name, weight in weights.items():
        layer, _, factor = name.replace("/", ".").partition(".lora_")
        key = f"lora_unet_{layer.replace('.', '_')}"
        tensors[f"{key}.lora_{'down' if factor.startswith('A') else 'up'}.weight"] = (
            weight.detach().float().cpu().clone()
        )
        tensors[f"{key}.alpha"] = torch.tensor(float(alpha))
    return tensors


def _inject(module: Any, recipe: LoraRecipe, seed: int) -> dict[str, nn.Parameter]:
    """Put fresh matrices beside layers, and return them by name; at first they change nothing."""
    layers = [name for name, layer in module.named_modules() if _is_wanted(name, layer, recipe.layers)]
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=layers)
    with construction(), torch.random.fork_rng(devices=[]):  # a model that is loaded meanwhile would spoil both
        torch.manual_seed(seed)
        inject_adapter_in_model(config, module, _NAME)
    found = {name: each for name, each in module.named_parameters() if f".{_NAME}." in name and "lora_" in name}
    for parameter in found.values():
        parameter.requires_grad_(True)
    return found


def _is_wanted(name: str, layer: nn.Module, layers: Layers) -> bool:
    if not isinstance(layer, nn.Linear | nn.Conv2d):
        return False
    return "attentions." in name or (layers != "attention" and ".resnets." in name)
