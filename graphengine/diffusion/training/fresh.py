"""Networks to train: copies of those that were loaded, or ones of the same architecture that know nothing yet."""

import copy
import inspect
from collections.abc import Mapping
from typing import Any, Literal

import torch
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import PreTrainedModel

from graphengine.diffusion.pool.construction import seeded_construction

Start = Literal["its weights", "fresh"]
"""What a training begins with: the weights of the model, or random ones."""


def own_module(module: Any, start: Start, seed: int) -> Any:
    """Return a network of the architecture of ``module``, which stays as it is; fp32, and ready to be trained.

    Args:
        module: of diffusers or transformers.
        start: what it begins with.
        seed: of random weights.
    """
    with seeded_construction(seed):
        own = copy.deepcopy(module) if start == "its weights" else _built_anew(module)
    nn.Module.to(own, module.device, torch.float32)
    own.requires_grad_(True)
    plain_attention(own, module.device)
    return own


def _built_anew(module: Any) -> Any:
    if isinstance(module, PreTrainedModel):
        return type(module)(copy.deepcopy(module.config))
    known = inspect.signature(type(module).__init__).parameters  # some write down more than they take
    return type(module).from_config({name: value for name, value in module.config.items() if name in known})


def plain_attention(module: Any, device: torch.device) -> None:
    """Let attention be computed step by step on CPUs, where the backward pass of the fused one takes half of a step."""
    if device.type != "cpu":
        return
    if isinstance(module, PreTrainedModel):
        module.set_attn_implementation("eager")
    elif type(module).__name__.startswith("UNet"):  # the processors of other architectures are of their own kinds
        module.set_attn_processor(AttnProcessor())


class SeededDropout(nn.Module):
    """Dropout (Srivastava et al. 2014) whose choice comes from a generator of its own, so that steps can be repeated.

    Args:
        share: of the values that are dropped, from 0 to below 1.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share, self._generators = share, dict[torch.device, torch.Generator]()
        self._seed = 0

    def begin(self, seed: int) -> None:
        """Let all choices from here on follow from a seed."""
        self._seed = seed
        self._generators.clear()

    def forward(self, values: Tensor) -> Tensor:
        """Drop values, and make the others larger; outside of training nothing is changed."""
        if not self.training or not self._share:
            return values
        if values.device not in self._generators:
            self._generators[values.device] = torch.Generator(values.device).manual_seed(self._seed)
        chosen = torch.rand(values.shape, generator=self._generators[values.device], device=values.device)
        return values * (chosen >= self._share) / (1 - self._share)


def with_dropout(module: nn.Module, share: float) -> list[SeededDropout]:
    """Put dropout wherever an architecture has a place for it, and return what was put there."""
    places = [(parent, name) for parent in module.modules() for name, each in _children(parent).items()
              if isinstance(each, nn.Dropout)]  # fmt: skip
    put = [SeededDropout(share) for _ in places]
    for (parent, name), dropout in zip(places, put, strict=True):
        setattr(parent, name, dropout)
    return put


def _children(module: nn.Module) -> Mapping[str, nn.Module]:
    return dict(module.named_children())
