"""Masks become transparency."""

from collections.abc import Callable

import pytest
import torch

from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from nodes.image.alpha import invert_mask, join_alpha

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]
Masks = Callable[..., Mask]


@pytest.mark.parametrize("channels", [3, 4])
def test_the_mask_is_the_alpha(channels: int, noise: Noise, mask_noise: Masks) -> None:
    image, mask = noise(batch=2, channels=channels), mask_noise(batch=2)
    joined = join_alpha(image, mask).pixels
    assert torch.equal(joined[..., :3], image.pixels[..., :3])
    assert torch.equal(joined[..., 3], mask.values)


def test_one_mask_is_for_all(noise: Noise, mask_noise: Masks) -> None:
    mask = mask_noise()
    joined = join_alpha(noise(batch=3), mask).pixels
    assert torch.equal(joined[2, ..., 3], mask.values[0])


@pytest.mark.parametrize("shape", [(1, 6, 9), (1, 5, 8), (3, 6, 8)])
def test_what_does_not_fit_is_refused(shape: tuple[int, int, int], noise: Noise, mask_noise: Masks) -> None:
    with pytest.raises(NodeError, match="do not fit 2 pictures of 8 × 6"):
        join_alpha(noise(batch=2), mask_noise(*shape))


def test_inverting_twice_is_nothing() -> None:
    mask = Mask(torch.tensor([[[0.0, 0.25, 1.0]]]))
    assert invert_mask(mask).values.tolist() == [[[1.0, 0.75, 0.0]]]
    assert invert_mask(invert_mask(mask)) == mask
