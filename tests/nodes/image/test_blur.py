"""A blur is a convolution with a Gaussian."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from graphengine.diffusion.types.image import Image
from nodes.image.blur import blur

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]


@pytest.mark.parametrize("radius", [1.0, 2.5])
def test_a_point_becomes_a_bell(radius: float) -> None:
    pixels = torch.zeros(1, 41, 41, 3)
    pixels[0, 20, 20] = 1
    line = np.exp(-(np.arange(-20, 21) ** 2) / (2 * radius**2))
    bell = np.outer(line, line) / line.sum() ** 2
    assert np.allclose(blur(Image(pixels), radius).pixels[0, :, :, 1].numpy(), bell, atol=1e-5)


def test_flat_colour_stays_flat_to_the_edge() -> None:
    flat = Image(torch.tensor([0.1, 0.5, 0.9]).expand(2, 5, 7, 3))
    assert torch.allclose(blur(flat, 30.0).pixels, flat.pixels, atol=1e-5)


def test_nothing_is_nothing(noise: Noise) -> None:
    image = noise()
    assert blur(image, 0.0) == image


def test_two_blurs_are_one_wider_blur() -> None:
    pixels = torch.zeros(1, 61, 61, 3)
    pixels[0, 30, 30] = 1
    twice = blur(blur(Image(pixels), 3.0), 4.0)
    assert torch.allclose(twice.pixels, blur(Image(pixels), math.hypot(3, 4)).pixels, atol=1e-5)


def test_pictures_of_a_batch_do_not_mix(noise: Noise) -> None:
    image = noise(batch=2, channels=4)
    alone = torch.cat([blur(Image(picture[None]), 2.0).pixels for picture in image.pixels])
    assert torch.equal(blur(image, 2.0).pixels, alone)


def test_what_cannot_be_seen_does_not_bleed() -> None:
    pixels = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(1, 9, 9, 1)  # red, but transparent
    pixels[0, 4, 4] = torch.tensor([0.0, 1.0, 0.0, 1.0])
    blurred = blur(Image(pixels), 1.0).pixels
    assert torch.allclose(blurred[0, 3:6, 3:6, :3], torch.tensor([0.0, 1.0, 0.0]), atol=1e-4)
    assert 0 < blurred[0, 3, 3, 3] < 0.2
