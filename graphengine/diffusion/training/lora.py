"""Training a LoRA (Hu et al. 2022): thin matrices beside the layers of a denoiser, which itself stays as it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser, shared_copy
from graphengine.diffusion.pool.construction import seeded_construction
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.fresh import plain_attention
from graphengine.diffusion.training.material import Material
from graphengine.diffusion.types.refs import ModelRef

Layers = Literal["attention", "attention and convolutions"]
"""Which layers get matrices: those that attend alone, or all that make up the blocks of a denoiser."""

_NAME = "trained"
_ATTENDS = re.compile(r"\battentions\.|blocks\..*\battn\w*\.")
_BETWEEN = re.compile(r"\.resnets\.|blocks\.\d+\.(ff|ff_context|ffn|proj_mlp|proj_out)\b")


@dataclass(frozen=True, slots=True)
class LoraRecipe:
    """Size and diet of a LoRA.

    Attributes:
        rank: the shorter side of the matrices.
        alpha: their product is scaled by alpha / rank.
        layers: those of the attention blocks alone, or also what lies between them: the convolutions of UNets, the
            feed-forward layers of transformers.
        batch: pictures per step.
        drop: the share of captions that are left away, so that guidance goes on working (Ho & Salimans 2022).
        snr_cap: the largest signal-to-noise ratio that adds weight (min-SNR's gamma, Hang et al. 2023); 0: all noise
            levels alike.
        bf16: compute in bfloat16 under autocast, weights stay fp32.
    """

    rank: int = 8
    alpha: float = 8.0
    layers: Layers = "attention"
    batch: int = 8
    drop: float = 0.1
    snr_cap: float = 5.0
    bf16: bool = False


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
        self._recipe, self._material, self._control = recipe, material, control
        self._denoiser = shared_copy(denoiser)
        self.weights = _inject(self._denoiser.module, recipe, seed)
        self.module = nn.ParameterDict({name.replace(".", "/"): each for name, each in self.weights.items()})
        plain_attention(self._denoiser.module, denoiser.device)
        self._denoising = Denoising(
            family,
            self._denoiser,
            model,
            texts=Material.texts,
            drop=recipe.drop,
            snr_cap=recipe.snr_cap,
            bf16=recipe.bf16,
        )
        with torch.no_grad():
            self._untrained = self._denoising.control_error(control, recipe.batch)

    @property
    def denoiser(self) -> Denoiser:
        """The denoiser with the LoRA as it is now."""
        return self._denoiser

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the prediction on one random batch."""
        return self._denoising.loss(self._material, self._recipe.batch, rng)

    def measure(self) -> dict[str, float]:
        """Tell the error on the control pictures, and which share of what it was without the LoRA is gone."""
        error = self._denoising.control_error(self._control, self._recipe.batch)
        return {"error": error, "gain": 1 - error / self._untrained}


def as_file(weights: Mapping[str, Tensor], alpha: float, part: str = "unet") -> dict[str, Tensor]:
    """Name the weights of a LoRA as all tools read them.

    Args:
        weights: by names as :class:`LoraTask` has them.
        alpha: see :class:`LoraRecipe`.
        part: what diffusers calls the denoiser: ``unet`` or ``transformer``.

    Returns:
        fp32 on the CPU. For each layer of a UNet ``lora_unet_….lora_down.weight``, ``….lora_up.weight`` and
        ``….alpha``, as kohya's scripts have it; of a transformer ``transformer.….lora_A.weight`` and
        ``….lora_B.weight``, as diffusers has it, whose files have no alpha: what they are scaled by is in the latter.
    """
    tensors: dict[str, Tensor] = {}
    for name, weight in weights.items():
        layer, _, factor = name.replace("/", ".").partition(".lora_")
        own, which = weight.detach().float().cpu().clone(), factor[0]
        if part == "unet":
            key = f"lora_unet_{layer.replace('.', '_')}"
            tensors[f"{key}.lora_{'down' if which == 'A' else 'up'}.weight"] = own
            tensors[f"{key}.alpha"] = torch.tensor(float(alpha))
        else:
            scale = 1.0 if which == "A" else alpha / own.shape[1]
            tensors[f"{part}.{layer}.lora_{which}.weight"] = scale * own
    return tensors


def _inject(module: Any, recipe: LoraRecipe, seed: int) -> dict[str, nn.Parameter]:
    """Put fresh matrices beside layers, and return them by name; at first they change nothing."""
    layers = [name for name, layer in module.named_modules() if _is_wanted(name, layer, recipe.layers)]
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=layers)
    with seeded_construction(seed):
        inject_adapter_in_model(config, module, _NAME)
    found = {name: each for name, each in module.named_parameters() if f".{_NAME}." in name and "lora_" in name}
    for parameter in found.values():
        parameter.requires_grad_(True)
    return found


def _is_wanted(name: str, layer: nn.Module, layers: Layers) -> bool:
    if not isinstance(layer, nn.Linear | nn.Conv2d):
        return False
    return _ATTENDS.search(name) is not None or (layers != "attention" and _BETWEEN.search(name) is not None)
