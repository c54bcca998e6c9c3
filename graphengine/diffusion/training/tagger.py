"""Training a tagger: a small convolutional network that tells which tags are true of a picture.

What it is worth for others are its features: what it has seen of a picture when it decides. Distances between pictures
that people would call alike are small among them (Zhang et al., The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric, 2018), and so are those between sets of pictures (Heusel et al., GANs Trained by a Two Time-Scale
Update Rule, 2017).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool.construction import construction

TAGGER = "tagger"
"""What weights of a tagger are called."""

WIDEST = 256
"""The most channels of the first stage."""

SMALLEST = 32
"""The shortest side of a picture that it looks at, in pixels."""


@dataclass(frozen=True, slots=True)
class TaggerRecipe:
    """Size and diet of a tagger.

    Attributes:
        width: channels of the first stage; each of the three others has as many again.
        batch: pictures per step.
    """

    width: int = 24
    batch: int = 32


class Tagger(nn.Module):
    """Pictures of shape [batch, 3, height, width] in 0..1 to a logit for each tag."""

    def __init__(self, tags: Sequence[str], width: int) -> None:
        super().__init__()
        self.tags = tuple(tags)
        channels = [width * stage for stage in range(1, 5)]
        stages: list[nn.Module] = []
        before = 5  # red, green, blue, and where a pixel lies
        for after in channels:
            stages.append(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, stride=2, padding=1),
                    nn.GroupNorm(gcd(4, after), after),
                    nn.SiLU(),
                    nn.Conv2d(after, after, 3, padding=1),
                    nn.GroupNorm(gcd(4, after), after),
                    nn.SiLU(),
                )
            )
            before = after
        self.stages = nn.ModuleList(stages)
        self.head = nn.Linear(2 * before, len(self.tags))

    @property
    def features(self) -> int:
        """How many features a picture has."""
        return self.head.in_features

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """Return what each stage sees, [batch, channels, height, width], each half as large as the one before."""
        height, width = pictures.shape[-2:]
        down = torch.linspace(-1, 1, height, device=pictures.device).view(1, 1, -1, 1)
        across = torch.linspace(-1, 1, width, device=pictures.device).view(1, 1, 1, -1)
        places = [each.expand(len(pictures), 1, height, width) for each in (down, across)]
        seen = torch.cat([2 * pictures - 1, *places], dim=1)
        found = []
        for stage in self.stages:
            seen = stage(seen)
            found.append(seen)
        return found

    def described(self, pictures: Tensor) -> Tensor:
        """Return the features of pictures, [batch, features]: mean and maximum of what the last stage sees."""
        last = self.maps(pictures)[-1].flatten(2)
        return torch.cat([last.mean(-1), last.amax(-1)], dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Tell how likely each tag is."""
        logits: Tensor = self.head(self.described(pictures))
        return logits


def tags_of(reader: Reader, looked: int = 4096, rarest: int = 8, most: int = 512) -> tuple[str, ...]:
    """Return the tags that the first ``looked`` pictures of a dataset have often enough to be learnt, in order."""
    found = Counter(tag for index in range(min(looked, len(reader))) for tag in reader.tags(index))
    often = [(-count, tag) for tag, count in found.items() if count >= min(rarest, len(reader))]
    return tuple(sorted(tag for _, tag in sorted(often)[:most]))


class TaggerTask:
    """Telling tags (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        recipe: the network and its diet.
        tags: those to learn.
        data: pictures to learn from.
        control: pictures to measure on.
        device: where to compute.
    """

    module: nn.Module

    def __init__(
        self, recipe: TaggerRecipe, tags: Sequence[str], data: Reader, control: Reader, device: torch.device
    ) -> None:
        self._recipe, self._data, self._control, self._device = recipe, data, control, device
        self._network = Tagger(tags, recipe.width).to(device)
        self.module = self._network

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Mean of the cross-entropy over tags and pictures, each of which was made a little lighter or darker."""
        indices = [int(index) for index in rng.integers(len(self._data), size=self._recipe.batch)]
        light = torch.from_numpy(rng.uniform(0.9, 1.1, (len(indices), 1, 1, 1))).float().to(self._device)
        pictures = (_pictures(self._data, indices).to(self._device) * light).clamp(0, 1)
        truth = self._truth(self._data, indices)
        return functional.binary_cross_entropy_with_logits(self._network(pictures), truth)

    def measure(self) -> dict[str, float]:
        """Tell the F1 score over all tags of the control pictures, 0 to 1."""
        hits = told = true = 0.0
        for start in range(0, len(self._control), 64):
            indices = range(start, min(start + 64, len(self._control)))
            seen = self._network(_pictures(self._control, indices).to(self._device)) > 0
            truth = self._truth(self._control, indices) > 0
            hits, told, true = hits + float((seen & truth).sum()), told + float(seen.sum()), true + float(truth.sum())
        return {"f1": 2 * hits / max(told + true, 1.0)}

    def _truth(self, reader: Reader, indices: Iterable[int]) -> Tensor:
        rows = [[tag in found for tag in self._network.tags] for found in map(reader.tags, indices)]
        return torch.tensor(rows, dtype=torch.float32, device=self._device)


def _pictures(reader: Reader, indices: Iterable[int]) -> Tensor:
    stacked = np.stack([reader.picture(index) for index in indices])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255


def tagger_from(tensors: Mapping[str, Tensor], tags: Sequence[str]) -> Tagger:
    """Build the tagger that some weights are of.

    Raises:
        ValueError: these are no weights of a tagger with these tags.
    """
    first = tensors.get("stages.0.0.weight")
    width = first.shape[0] if first is not None and first.ndim else 0
    if not 1 <= width <= WIDEST:  # before anything of that size is made
        raise ValueError(f"these are no weights of a tagger: its first stage has {width} channels")
    try:
        with construction():
            network = Tagger(tags, width)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (LookupError, ValueError, RuntimeError) as error:
        raise ValueError(f"these are no weights of a tagger: {error}") from error
    return network.eval().requires_grad_(False)
