"""Generators that make a picture in one pass, of noise and of the tags of what it shall show.

A GAN and a variational autoencoder train the same network here, so that what they are compared by is how they learn,
and not what. Noise and tags come in at the smallest size and steer the normalisation at each (Karras et al., A
Style-Based Generator Architecture for Generative Adversarial Networks, 2019).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool.construction import construction

GENERATOR: Final = "generator"
"""What weights of a generator are called."""

WIDEST: Final = 128
"""The most channels at the size of the picture."""

SIDES: Final = (16, 32, 64, 128, 256)
"""How long the side of a picture may be, in pixels."""

NOISE: Final = 64
"""How many numbers the noise of a picture has."""

_SMALLEST = 4
_TOLD = 64
_THUMBNAIL = 8


@dataclass(frozen=True, slots=True)
class GeneratorForm:
    """What a generator is like.

    Attributes:
        tags: those that it knows.
        size: side of the pictures in pixels.
        width: channels at that size; each half of it has twice as many, up to eight times.
    """

    tags: tuple[str, ...]
    size: int
    width: int

    def channels(self) -> list[int]:
        """Return the channels of each size, from 4 pixels on."""
        sides = [_SMALLEST << stage for stage in range((self.size // _SMALLEST).bit_length())]
        return [self.width * min(8, self.size // side) for side in sides]


class PictureGenerator(nn.Module):
    """Noise [batch, 64] and tags [batch, tags], 1 or 0 each, to pictures [batch, 3, size, size] in 0..1."""

    def __init__(self, form: GeneratorForm) -> None:
        super().__init__()
        self.form = form
        channels = form.channels()
        self.told = nn.Linear(len(form.tags), _TOLD)
        self.first = nn.Linear(NOISE + _TOLD, channels[0] * _SMALLEST**2)
        self.stages = nn.ModuleList(
            [_Stage(*each) for each in zip(channels, [*channels[1:], 0], strict=True) if each[1]]
        )
        self.last = nn.Conv2d(channels[-1], 3, 3, padding=1)

    def forward(self, noise: Tensor, tags: Tensor) -> Tensor:
        """Make pictures."""
        steer = torch.cat([noise, self.told(tags)], dim=1)
        seen = self.first(steer).view(len(noise), -1, _SMALLEST, _SMALLEST)
        for stage in self.stages:
            seen = stage(seen, steer)
        return torch.sigmoid(self.last(seen))


class _Stage(nn.Module):
    """Twice the size: a convolution, and a normalisation that noise and tags steer."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1)
        self.norm = nn.GroupNorm(gcd(8, after), after, affine=False)
        self.steer = nn.Linear(NOISE + _TOLD, 2 * after)

    def forward(self, seen: Tensor, steer: Tensor) -> Tensor:
        large = self.conv(functional.interpolate(seen, scale_factor=2, mode="nearest"))
        gain, shift = self.steer(steer)[..., None, None].chunk(2, dim=1)
        return functional.silu(self.norm(large) * (1 + gain) + shift)


class Examples:
    """Pictures with their tags, as a generator learns from them.

    Args:
        reader: the dataset.
        tags: those that count.
        device: where to compute.
    """

    def __init__(self, reader: Reader, tags: Sequence[str], device: torch.device) -> None:
        self._reader, self._tags, self._device = reader, tuple(tags), device

    def __len__(self) -> int:
        return len(self._reader)

    def any(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Return pictures [count, 3, size, size] in 0..1 and tags [count, tags], chosen by a generator."""
        return self.at([int(index) for index in rng.integers(len(self), size=count)])

    def at(self, indices: Iterable[int]) -> tuple[Tensor, Tensor]:
        """Return the pictures and tags at some indices."""
        indices = list(indices)
        stacked = torch.from_numpy(np.stack([self._reader.picture(index) for index in indices]))
        pictures = stacked.permute(0, 3, 1, 2).float().to(self._device) / 255
        return pictures, wanted(self._tags, [self._reader.tags(index) for index in indices]).to(self._device)


def wanted(tags: Sequence[str], asked: Sequence[Iterable[str]]) -> Tensor:
    """Return the rows of what is asked for: fp32 [pictures, tags], 1 or 0 each; other tags do not count."""
    return torch.tensor([[float(tag in each) for tag in tags] for each in map(frozenset, asked)]).view(-1, len(tags))


def drawn_noise(rng: np.random.Generator, count: int, device: torch.device) -> Tensor:
    """Return the noise of some pictures: [count, 64]."""
    return torch.from_numpy(rng.standard_normal((count, NOISE), dtype=np.float32)).to(device)


def nearness(made: Tensor, true: Tensor) -> float:
    """Tell how near a set of pictures is to another one, as far as thumbnails of 8 × 8 pixels show: at most about 1.

    It is e to the power of minus the energy distance, which is 0 if both are of one distribution.

    Args:
        made, true: two and more each, [n, 3, size, size] in 0..1.

    Source: Székely & Rizzo, Energy statistics: A class of statistics based on distances (2013).
    """
    one, other = (functional.adaptive_avg_pool2d(each, _THUMBNAIL).flatten(1).double() for each in (made, true))
    within = sum(float(torch.cdist(each, each).sum()) / (len(each) * (len(each) - 1)) for each in (one, other))
    return float(np.exp(within - 2 * float(torch.cdist(one, other).mean())))


def notes_of(form: GeneratorForm) -> Mapping[str, str]:
    """Return what must lie beside the weights, so that the network can be built again."""
    return {"tags": json.dumps(form.tags), "size": str(form.size), "width": str(form.width)}


def generator_from(tensors: Mapping[str, Tensor], notes: Mapping[str, str]) -> PictureGenerator:
    """Build the generator that some weights are of, by what lies beside them.

    Raises:
        ValueError: these are no weights of a generator.
    """
    try:
        form = _form_of(notes)
        with construction():
            network = PictureGenerator(form)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"these are no weights of a generator: {error}") from error
    return network.eval().requires_grad_(False)


def _form_of(notes: Mapping[str, str]) -> GeneratorForm:
    tags, size, width = json.loads(notes["tags"]), int(notes["size"]), int(notes["width"])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("their tags are no texts")
    if size not in SIDES or not 1 <= width <= WIDEST:  # before anything of that size is made
        raise ValueError(f"{size} pixels and {width} channels are not possible")
    return GeneratorForm(tuple(tags), size, width)
