"""Mirrors and turns."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from graphengine.diffusion.types.image import Image
from nodes.image.flip import flip, rotate

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]


def test_flip_swaps_sides(noise: Noise) -> None:
    image = noise(batch=2)
    assert np.array_equal(flip(image).pixels.numpy(), image.pixels.numpy()[:, :, ::-1])
    assert np.array_equal(flip(image, "vertical").pixels.numpy(), image.pixels.numpy()[:, ::-1])
    assert flip(flip(image)) == image


def test_four_quarters_are_a_whole(noise: Noise) -> None:
    image = noise(batch=2, channels=4)
    turned = image
    for _ in range(4):
        turned = rotate(turned, 90.0)
    assert turned == image


def test_a_quarter_is_counter_clockwise(noise: Noise) -> None:
    image = noise()
    turned = rotate(image, 90.0)
    assert (turned.width, turned.height) == (6, 8)
    assert torch.equal(turned.pixels[0, -1, 0], image.pixels[0, 0, 0])  # left upper goes to left lower
    assert rotate(image, -270.0) == turned
    assert rotate(image, 270.0) == rotate(image, -90.0)


def test_half_a_turn_is_both_flips(noise: Noise) -> None:
    image = noise()
    assert rotate(image, 180.0) == flip(flip(image), "vertical")
    assert rotate(image, 180.0, expand=False) == rotate(image, -180.0)


def test_nothing_is_nothing(noise: Noise) -> None:
    image = noise()
    for angle in (0.0, 360.0, -360.0):
        assert rotate(image, angle) == image


def test_without_expanding_the_size_stays(noise: Noise) -> None:
    image = noise(height=4, width=10)
    turned = rotate(image, 90.0, expand=False)
    assert turned.pixels.shape == image.pixels.shape
    assert not turned.pixels[:, :, :2].any()
    inner = rotate(Image(image.pixels[:, :, 3:7]), 90.0).pixels
    assert torch.allclose(turned.pixels[:, :, 3:7], inner, atol=1e-5)


def test_a_free_angle_grows_and_keeps_what_is_there() -> None:
    white = Image(torch.ones(1, 40, 40, 3))
    turned = rotate(white, 45.0)
    assert turned.width == turned.height
    assert turned.width == pytest.approx(40 * 2**0.5, abs=2)
    assert torch.allclose(turned.pixels[0, 15:-15, 15:-15], torch.tensor(1.0))
    assert not turned.pixels[0, :5, :5].any()
    assert turned.pixels[..., 0].sum() == pytest.approx(1600, rel=0.02)


def test_corners_of_pictures_with_alpha_are_transparent() -> None:
    turned = rotate(Image(torch.ones(1, 20, 20, 4)), 30.0, expand=False).pixels
    assert turned[0, 0, 0, 3] == 0
    assert turned[0, 10, 10].tolist() == [1, 1, 1, 1]
    assert torch.allclose(turned[..., :3][turned[..., 3] > 0.01], torch.tensor(1.0), atol=1e-5)
