"""Training a whole denoiser, from its weights or from nothing, and its text encoders together with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser, TextStack
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.fresh import Start, own_module, with_dropout
from graphengine.diffusion.training.material import Material, joined
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.refs import ModelRef

_AT_ONCE = 16  # pictures that are measured on


@dataclass(frozen=True, slots=True)
class DiffusionRecipe:
    """The start and the diet of a denoiser.

    Attributes:
        start: its own weights, or random ones.
        batch: pictures per step.
        drop: the share of captions that are left away (Ho & Salimans 2022).
        snr_cap: the largest signal-to-noise ratio that adds weight (min-SNR's gamma, Hang et al. 2023); 0: all noise
            levels alike.
        dropout: the share of values that are dropped inside of the denoiser, where its architecture has a place.
        bf16: compute in bfloat16 under autocast, weights stay fp32.
    """

    start: Start = "its weights"
    batch: int = 16
    drop: float = 0.1
    snr_cap: float = 5.0
    dropout: float = 0.0
    bf16: bool = False


def own_denoiser(denoiser: Denoiser, start: Start, seed: int) -> Denoiser:
    """Return a denoiser to train, see :func:`graphengine.diffusion.training.fresh.own_module`."""
    return replace(denoiser, module=own_module(denoiser.module, start, seed))


def own_stack(stack: TextStack, start: Start, seed: int) -> TextStack:
    """Return text encoders to train; the tokenizers are the same, and so is their lock."""
    own = [own_module(each, start, seed + number) for number, each in enumerate(stack.encoders, start=1)]
    return replace(stack, encoders=tuple(own))


class DiffusionTask:
    """Denoising of pictures by a denoiser that learns (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: its diet.
        family: of the denoiser.
        denoiser: to be trained; it is changed.
        stack: text encoders to be trained with it, likewise; None leaves them as they are.
        model: what the denoiser is.
        clip_skip: how many of the last layers of trained text encoders are left out.
        material: to learn from.
        control: to measure on.
    """

    module: nn.Module

    def __init__(
        self,
        recipe: DiffusionRecipe,
        family: Family,
        denoiser: Denoiser,
        stack: TextStack | None,
        model: ModelRef,
        material: Material,
        control: Material,
        clip_skip: int = 0,
    ) -> None:
        self._recipe, self._family, self._stack = recipe, family, stack
        self._material, self._control, self._clip_skip = material, control, clip_skip
        self.denoiser = denoiser
        self._dropouts = with_dropout(denoiser.module, recipe.dropout) if recipe.dropout else []
        parts: dict[str, nn.Module] = {"model": denoiser.module}
        if stack is not None:
            parts["text_encoder"] = nn.ModuleList(stack.encoders)
        self.module = nn.ModuleDict(parts).eval()
        self._denoising = Denoising(
            family,
            denoiser,
            model,
            texts=self.texts,
            drop=recipe.drop,
            snr_cap=recipe.snr_cap,
            bf16=recipe.bf16,
        )
        with torch.no_grad():
            self._begun = self._denoising.control_error(control, _AT_ONCE)

    def texts(self, material: Material, indices: Sequence[int | None]) -> ConditioningEntry:
        """Encode captions, by the text encoders as they are now."""
        if self._stack is None:
            return material.texts(indices)
        captions = [material.caption(index) for index in indices]
        return joined(self._family.encode(self._stack, captions, self._clip_skip))

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the prediction on one random batch."""
        self.module.eval()  # the dropout of a network's own, such as T5's, draws from no seed
        for dropout in self._dropouts:
            dropout.train().begin(int(rng.integers(2**62)))
        return self._denoising.loss(self._material, self._recipe.batch, rng)

    def measure(self) -> dict[str, float]:
        """Tell the error on the control pictures, and which share of what it was at the beginning is gone."""
        error = self._denoising.control_error(self._control, _AT_ONCE)
        return {"error": error, "gain": 1 - error / self._begun}
