"""Training a whole denoiser, from its weights or from nothing, and its text encoders with it or without it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser, TextStack
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.fresh import Start, own_module, with_dropout
from graphengine.diffusion.training.material import Material, joined
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef

TextEncoder = Literal["stays", "trained too", "trained alone"]
"""What becomes of the text encoder of a model whose denoiser is trained, or which teaches it."""

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


@dataclass(frozen=True, slots=True)
class Learners:
    """The networks of a training; those that learn are changed.

    Attributes:
        denoiser: predicts.
        stack: text encoders that learn; None leaves a model's own as they are.
        clip_skip: how many of their last layers are left out.
        alone: whether they alone learn, by what the denoiser makes of their words, and not the denoiser.
    """

    denoiser: Denoiser
    stack: TextStack | None = None
    clip_skip: int = 0
    alone: bool = False

    def modules(self) -> dict[str, nn.Module]:
        """Return what learns, by the names of parts; what does not learn needs no gradients from here on."""
        parts: dict[str, nn.Module] = {}
        if self.alone:
            nn.Module.requires_grad_(self.denoiser.module, requires_grad=False)
        else:
            parts["model"] = self.denoiser.module
        if self.stack is not None:
            parts["text_encoder"] = nn.ModuleList(self.stack.encoders)
        return parts


def learners_of(
    pool: ModelPool, model: ModelRef, encoder: TextEncoderRef, start: Start, text_encoder: TextEncoder, seed: int
) -> Learners:
    """Return copies of the networks of a model to train, in fp32, whatever precision it was loaded in.

    Args:
        pool: lends them.
        model, encoder: the parts of the model.
        start: what those that learn begin with.
        text_encoder: what becomes of it.
        seed: of random weights.
    """
    alone = text_encoder == "trained alone"
    whole: ModelRef = replace(model, dtype="float32")
    words: TextEncoderRef = replace(encoder, dtype="float32")
    with pool.use(whole) as lent:
        denoiser = own_denoiser(lent, "its weights" if alone else start, seed)
    if text_encoder == "stays":
        return Learners(denoiser)
    with pool.use(words) as read:
        return Learners(denoiser, own_stack(read, start, seed), encoder.clip_skip, alone=alone)


class DiffusionTask:
    """Denoising of pictures by networks that learn (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: their diet.
        family: of the denoiser.
        learners: the denoiser and the text encoders.
        model: what the denoiser is.
        material: to learn from.
        control: to measure on.
    """

    module: nn.Module

    def __init__(
        self,
        recipe: DiffusionRecipe,
        family: Family,
        learners: Learners,
        model: ModelRef,
        material: Material,
        control: Material,
    ) -> None:
        self._recipe, self._family, self._learners = recipe, family, learners
        self._material, self._control = material, control
        denoiser = learners.denoiser
        self._dropouts = with_dropout(denoiser.module, recipe.dropout) if recipe.dropout else []
        self.module = nn.ModuleDict(learners.modules()).eval()
        denoiser.module.eval()
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
        if self._learners.stack is None:
            return material.texts(indices)
        captions = [material.caption(index) for index in indices]
        return joined(self._family.encode(self._learners.stack, captions, self._learners.clip_skip))

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the prediction on one random batch."""
        self.module.eval()  # the dropout of a network's own, such as T5's, draws from no seed
        for dropout in self._dropouts:
            dropout.train().begin(int(rng.integers(2**62)))
        error = self._denoising.loss(self._material, self._recipe.batch, rng)
        for dropout in self._dropouts:
            dropout.eval()  # what is measured and shown is whole
        return error

    def measure(self) -> dict[str, float]:
        """Tell the error on the control pictures, and which share of what it was at the beginning is gone."""
        error = self._denoising.control_error(self._control, _AT_ONCE)
        return {"error": error, "gain": 1 - error / self._begun}
