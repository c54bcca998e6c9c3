"""How near depth that was told is to the true one, in the figures of the field."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False, slots=True)
class DepthErrors:
    """The figures of maps of depth, each fp64 of shape [batch].

    Attributes:
        correlation: Pearson's, of the distances: at most 1.
        inverse: Pearson's, of 1/distance, in which near things count most.
        abs_rel: the mean of the absolute error as a part of the true distance.
        rmse: the root of the mean squared error, in the unit of the distances.
        delta: the share of pixels that are wrong by less than a quarter, 0 to 1.
    """

    correlation: Tensor
    inverse: Tensor
    abs_rel: Tensor
    rmse: Tensor
    delta: Tensor


def errors_of(found: Tensor, true: Tensor) -> DepthErrors:
    """Measure maps of distances against the true ones.

    Args:
        found, true: of one shape [batch, height, width], above 0.

    Source: Eigen et al., Depth Map Prediction from a Single Image using a Multi-Scale Deep Network (2014).
    """
    told, wanted = (each.double().flatten(1) for each in (found, true))
    apart = (told - wanted).abs()
    return DepthErrors(
        _correlation(told, wanted),
        _correlation(1 / told, 1 / wanted),
        (apart / wanted).mean(1),
        apart.square().mean(1).sqrt(),
        (torch.maximum(told / wanted, wanted / told) < 1.25).double().mean(1),
    )


def aligned(found: Tensor, true: Tensor) -> Tensor:
    """Return distances brought to the true ones by the scale and the shift of 1/distance that fit best, map by map.

    Args:
        found, true: of one shape [batch, height, width], above 0.

    Source: Ranftl et al., Towards Robust Monocular Depth Estimation: Mixing Datasets for Zero-Shot Cross-Dataset
    Transfer (2020).
    """
    told, wanted = (1 / each.double().flatten(1) for each in (found, true))
    centred = told - told.mean(1, keepdim=True)
    scale = (centred * wanted).sum(1, keepdim=True) / centred.square().sum(1, keepdim=True).clamp_min(1e-12)
    fitted = wanted.mean(1, keepdim=True) + scale * centred
    found: Tensor = 1 / fitted.clamp(wanted.amin(1, keepdim=True), wanted.amax(1, keepdim=True))
    return found.view_as(true)


def _correlation(one: Tensor, other: Tensor) -> Tensor:
    """Return Pearson's correlation of each row; 0 where one of them does not change."""
    first, second = (each - each.mean(1, keepdim=True) for each in (one, other))
    lengths = first.norm(dim=1) * second.norm(dim=1)
    return (first * second).sum(1) / lengths.clamp_min(torch.finfo(torch.float64).tiny)
