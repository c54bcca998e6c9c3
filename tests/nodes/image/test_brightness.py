"""Colour changes against their formulas."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from graphengine.diffusion.types.image import Image
from nodes.image.brightness import brightness_contrast, gamma, saturation

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]


@pytest.mark.parametrize(("brightness", "contrast"), [(0.0, 1.0), (0.3, 1.0), (-0.2, 2.0), (0.1, 0.0)])
def test_brightness_and_contrast(brightness: float, contrast: float, noise: Noise) -> None:
    image = noise()
    expected = np.clip((image.pixels.numpy() - 0.5) * contrast + 0.5 + brightness, 0, 1)
    changed = brightness_contrast(image, brightness, contrast)
    assert np.allclose(changed.pixels.numpy(), expected, atol=1e-6)


def test_full_saturation_is_the_picture_and_none_is_grey(noise: Noise) -> None:
    image = noise()
    assert torch.allclose(saturation(image, 1.0).pixels, image.pixels, atol=1e-6)
    grey = saturation(image, 0.0).pixels
    luma = image.pixels.numpy() @ np.array([0.2126, 0.7152, 0.0722])
    assert np.allclose(grey.numpy(), luma[..., None].repeat(3, axis=-1), atol=1e-6)


def test_more_saturation_moves_away_from_grey() -> None:
    image = Image(torch.tensor([0.5, 0.4, 0.4]).expand(1, 1, 1, 3))
    luma = 0.2126 * 0.5 + 0.7874 * 0.4
    expected = [luma + 2 * (value - luma) for value in (0.5, 0.4, 0.4)]
    assert saturation(image, 2.0).pixels.flatten().tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("value", [0.5, 1.0, 2.2])
def test_gamma(value: float, noise: Noise) -> None:
    image = noise()
    assert np.allclose(gamma(image, value).pixels.numpy(), image.pixels.numpy() ** (1 / value), atol=1e-6)


def test_gamma_keeps_black_and_white() -> None:
    ends = Image(torch.tensor([0.0, 1.0]).reshape(1, 1, 2, 1).expand(1, 1, 2, 3))
    assert gamma(ends, 0.01) == gamma(ends, 100.0) == ends


@pytest.mark.parametrize("change", [brightness_contrast, saturation, gamma])
def test_alpha_stays(change: Callable[[Image, float], Image], noise: Noise) -> None:
    image = noise(batch=2, channels=4)
    changed = change(image, 0.7)
    assert torch.equal(changed.pixels[..., 3], image.pixels[..., 3])
    assert not torch.equal(changed.pixels[..., :3], image.pixels[..., :3])
