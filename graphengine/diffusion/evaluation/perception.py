"""How pictures look to a network that was trained to tell what they show: distances among its features.

Figures of other networks, such as those that papers give for Inception, are on another scale.
"""

import json
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Final

import torch
from torch import Tensor, nn

from graphengine.diffusion.training.tagger import TAGGER, Tagger, tagger_from
from graphengine.diffusion.types.trained import Weights

_BATCH: Final = 64
_SUBSETS: Final = 100


def tagger_of(weights: Weights) -> Tagger:
    """Return the tagger that some weights are of, on the CPU.

    Raises:
        ValueError: they are of something else.
    """
    if weights.kind != TAGGER:
        raise ValueError(f"these are the weights of {weights.kind}, not of a tagger")
    tags = json.loads(weights.notes.get("tags", "null"))
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError("these weights do not say which tags they are of")
    return tagger_from(weights.tensors, tags)


def told_tags(tagger: Tagger, pictures: Tensor) -> list[frozenset[str]]:
    """Return the tags that a tagger finds more likely than not.

    Args:
        pictures: [batch, 3, height, width] in 0..1.
    """
    seen = torch.cat([tagger(part) for part in _parts(pictures)]) > 0
    return [frozenset(tag for tag, there in zip(tagger.tags, row, strict=True) if there) for row in seen.tolist()]


def perceptual(tagger: Tagger, pictures: Tensor, others: Tensor) -> Tensor:
    """Return the perceptual distance of each pair of pictures, from 0: [batch].

    The squared distance between what each stage sees, scaled to length 1 at each place; the mean over the places, the
    sum over the stages.

    Args:
        pictures, others: of one shape, [batch, 3, height, width] in 0..1.

    Source: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric (2018), without the
    weights that they fitted to the judgements of people.
    """
    pairs = zip(_parts(pictures), _parts(others), strict=True)
    return torch.cat([torch.stack(list(_apart(tagger, one, other))).sum(0) for one, other in pairs])


def _apart(tagger: Tagger, pictures: Tensor, others: Tensor) -> Iterator[Tensor]:
    for one, other in zip(tagger.maps(pictures), tagger.maps(others), strict=True):
        yield (nn.functional.normalize(one) - nn.functional.normalize(other)).square().sum(1).mean((1, 2))


def diversity(tagger: Tagger, pictures: Tensor) -> float:
    """Return the mean perceptual distance between all pairs of pictures, from 0: 0 if all are the same.

    Args:
        pictures: two and more, [batch, 3, height, width] in 0..1.
    """
    count = len(pictures)
    sums: list[Tensor] = []
    squares: list[float] = []
    for part in _parts(pictures):
        for stage, seen in enumerate(nn.functional.normalize(each) for each in tagger.maps(part)):
            if stage == len(sums):
                sums.append(torch.zeros(seen.shape[1:], dtype=torch.float64))
                squares.append(0.0)
            sums[stage] += seen.sum(0).cpu()
            squares[stage] += float(seen.square().sum())
    # of n vectors, the squared distances of all pairs sum up to n times their squared lengths, less their sum's
    stages = zip(sums, squares, strict=True)
    total = sum((count * square - float(whole.square().sum())) / whole[0].numel() for whole, square in stages)
    return max(0.0, total / (count * (count - 1) / 2))


def frechet(tagger: Tagger, pictures: Tensor, others: Tensor) -> float:
    """Return the Fréchet distance between two sets of pictures, from 0 (FID, on the features of the tagger).

    Source: Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium (2017).
    """
    features = _Features(tagger)
    measure = import_module("torchmetrics.image.fid").FrechetInceptionDistance(features, normalize=True)
    measure.to(pictures.device)
    for each, real in ((pictures, False), (others, True)):
        for part in _parts(each):
            measure.update(part, real=real)
    return float(measure.compute())


def kernel(tagger: Tagger, pictures: Tensor, others: Tensor, seed: int) -> float:
    """Return the kernel distance between two sets of pictures (KID, on the features of the tagger); about 0 if alike.

    Args:
        seed: of the subsets over which it is averaged.

    Source: Bińkowski et al., Demystifying MMD GANs (2018).
    """
    poly_mmd = import_module("torchmetrics.image.kid").poly_mmd
    size = min(len(pictures), len(others), 100)
    made, true = _described(tagger, pictures), _described(tagger, others)
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(_SUBSETS):
        one, other = (each[torch.randperm(len(each), generator=generator)[:size]] for each in (made, true))
        found.append(float(poly_mmd(one, other)))
    return sum(found) / _SUBSETS


def _described(tagger: Tagger, pictures: Tensor) -> Tensor:
    return torch.cat([tagger.described(part).cpu() for part in _parts(pictures)]).double()


def _parts(pictures: Tensor) -> Sequence[Tensor]:
    """Return pictures in batches for which there is room."""
    return torch.split(pictures, _BATCH)


class _Features(nn.Module):
    """The features of a tagger as the measure asks for them."""

    def __init__(self, tagger: Tagger) -> None:
        super().__init__()
        self.tagger = tagger
        self.num_features = tagger.features

    def forward(self, pictures: Tensor) -> Tensor:
        """Return [batch, features]."""
        return self.tagger.described(pictures)
