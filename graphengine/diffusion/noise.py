"""Noise that depends on the seed alone: not on the device, and not on what else is in the batch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from graphengine.diffusion.types.latent import Latent

_SEEDS = 2**64


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """Return one generator per picture, on the CPU."""
    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


def successive(seed: int, count: int) -> tuple[int, ...]:
    """Return the seeds of a batch whose first picture has ``seed``: that, the next, … modulo 2**64."""
    return tuple((seed + index) % _SEEDS for index in range(count))


def gaussian(latent: Latent, sources: Sequence[torch.Generator]) -> Tensor:
    """Draw unit Gaussian noise in the shape of ``latent``, each picture from its own generator."""
    shape = (1, *latent.samples.shape[1:])
    return torch.cat([torch.randn(shape, generator=source, dtype=torch.float32) for source in sources])
