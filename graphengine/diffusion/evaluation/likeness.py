"""How alike two pictures are: PSNR, SSIM and MS-SSIM."""

from importlib import import_module

import torch
from torch import Tensor
from torch.nn import functional

_WINDOW, _SPREAD = 11, 1.5
_K1, _K2 = 0.01, 0.03
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def psnr(pictures: Tensor, others: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of each picture, in dB; infinite where two are equal.

    Args:
        pictures, others: of one shape, the first side of which is the batch; values in 0..1.

    Returns:
        A tensor of shape [batch].
    """
    return -10 * (pictures.double() - others.double()).square().flatten(1).mean(1).log10()


def ssim(pictures: Tensor, others: Tensor) -> Tensor:
    """Return the structural similarity of each picture, at most 1.

    Over windows of 11 × 11 pixels weighted by a Gaussian of 1.5 pixels, those that lie whole inside; mean over the
    channels.

    Args:
        pictures, others: of shape [batch, height, width, channels], values in 0..1, sides of 11 pixels and more.

    Returns:
        A tensor of shape [batch].

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity (2004).
    """
    one, other = (each.double().permute(0, 3, 1, 2) for each in (pictures, others))
    mean_one, mean_other = _blurred(one), _blurred(other)
    spread_one = _blurred(one * one) - mean_one**2
    spread_other = _blurred(other * other) - mean_other**2
    shared = _blurred(one * other) - mean_one * mean_other
    light = (2 * mean_one * mean_other + _K1**2) / (mean_one**2 + mean_other**2 + _K1**2)
    structure = (2 * shared + _K2**2) / (spread_one + spread_other + _K2**2)
    return (light * structure).flatten(1).mean(1)


def ms_ssim(pictures: Tensor, others: Tensor, scales: int) -> Tensor:
    """Return the multi-scale structural similarity of each picture, 0 to 1; by torchmetrics.

    Args:
        pictures, others: of shape [batch, height, width, channels], values in 0..1, sides of
            :func:`shortest_side` and more.
        scales: how many sizes are looked at, 1 to 5, each half as large as the one before; of fewer than five, the
            weights are brought to a sum of 1.

    Returns:
        A tensor of shape [batch].

    Source: Wang et al., Multiscale Structural Similarity for Image Quality Assessment (2003).
    """
    library = import_module("torchmetrics.functional.image")
    weights = [weight / sum(_SCALES[:scales]) for weight in _SCALES[:scales]]
    one, other = (each.double().permute(0, 3, 1, 2) for each in (pictures, others))
    found: Tensor = library.multiscale_structural_similarity_index_measure(
        one, other, data_range=1.0, betas=tuple(weights), reduction="none"
    )
    return found


def shortest_side(scales: int) -> int:
    """Return the shortest side that a picture may have to be looked at in several sizes, in pixels."""
    return _WINDOW * max(2 ** (scales - 1), (scales - 1) ** 2)  # the second is the library's own bound


def _blurred(picture: Tensor) -> Tensor:
    """Weigh each whole window; the sides become shorter by 10 pixels."""
    places = torch.arange(_WINDOW, dtype=picture.dtype) - _WINDOW // 2
    weights = torch.exp(-(places**2) / (2 * _SPREAD**2))
    weights = (weights / weights.sum()).expand(picture.shape[1], 1, _WINDOW)
    along = functional.conv2d(picture, weights[..., None], groups=picture.shape[1])
    return functional.conv2d(along, weights[:, :, None], groups=picture.shape[1])
