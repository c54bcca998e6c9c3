"""Latents of another size, copies, and mixtures."""

from typing import Any

import pytest
import torch

from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.errors import NodeError
from nodes.latent.scale import blend, repeat, scale

pytestmark = pytest.mark.torch


def latent(batch: int = 1, height: int = 4, width: int = 6, **rest: Any) -> Latent:
    return Latent(torch.randn(batch, 4, height, width), "sd", LatentSpec(), **rest)


def test_nearest_repeats_cells_and_comes_back() -> None:
    small = latent(surroundings=torch.randn(1, 4, 4, 6), mask=Mask(torch.rand(1, 32, 48)))
    large = scale(small, 2.0)
    assert torch.equal(large.samples, small.samples.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert large.mask == small.mask
    assert scale(large, 0.5) == small


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_smooth_methods_keep_the_mean(method: Any) -> None:
    small = latent()
    large = scale(small, 3.0, method)
    assert large.samples.shape == (1, 4, 12, 18)
    assert torch.allclose(large.samples.mean(), small.samples.mean(), atol=0.1)
    assert scale(small, 0.5, method).samples.shape == (1, 4, 2, 3)


def test_a_latent_has_bounds() -> None:
    with pytest.raises(NodeError, match="8192 × 16 cells"):
        scale(latent(width=2048), 4.0)


def test_copies() -> None:
    made = latent(2, mask=Mask(torch.rand(2, 8, 8)), surroundings=torch.randn(2, 4, 4, 6))
    found = repeat(made, 3)
    assert found.batch == 6
    assert torch.equal(found.samples[4:], made.samples)
    assert found.mask is not None
    assert found.mask.values.shape == (6, 8, 8)
    assert repeat(latent(mask=Mask(torch.ones(1, 2, 2))), 2).mask == Mask(torch.ones(1, 2, 2))


def test_noise_of_its_own_fits_no_other_size_and_makes_no_variants() -> None:
    made = latent(noise=torch.randn(1, 4, 4, 6))
    assert scale(made, 2.0).noise is None
    assert repeat(made, 2).noise is None


def test_mixtures() -> None:
    one, other = latent(), latent()
    assert blend(one, other, 0.0) == one
    assert torch.allclose(blend(one, other, 0.25).samples, one.samples * 0.75 + other.samples * 0.25)
    with pytest.raises(NodeError, match="one kind and size"):
        blend(one, latent(width=5))
