"""Sizes, and what becomes of slopes, edges and fine patterns."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphengine.diffusion.planes import FILTERS, Method
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.image.resize import resize, scale

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]
SMOOTH: tuple[Method, ...] = ("bilinear", "bicubic", "lanczos", "area")


def slope(width: int, height: int = 2) -> Image:
    """A horizontal slope whose pixel centres lie on a line from 0 to 1 over the whole width."""
    line = (torch.arange(width) + 0.5) / width
    return Image(line.reshape(1, 1, width, 1).expand(1, height, width, 3))


@pytest.mark.parametrize("method", SMOOTH)
@pytest.mark.parametrize("width", [16, 128])
def test_a_slope_stays_a_slope(method: Method, width: int) -> None:
    resized = resize(slope(64), width, 5, method).pixels
    assert resized.shape == (1, 5, width, 3)
    inner = slice(width // 8, -width // 8)  # edges bend
    tolerance = 0.01 if method == "area" and width > 64 else 2e-3  # area repeats pixels when it enlarges
    assert torch.allclose(resized[:, :, inner], slope(width, 5).pixels[:, :, inner], atol=tolerance)


@pytest.mark.parametrize("method", SMOOTH)
def test_fine_patterns_do_not_alias(method: Method) -> None:
    stripes = (torch.arange(120) % 2).float().reshape(1, 1, 120, 1).expand(1, 4, 120, 3)
    middle = resize(Image(stripes), 15, 4, method).pixels[:, :, 3:-3]
    assert torch.allclose(middle, torch.tensor(0.5), atol=0.02)


def test_area_is_the_mean_of_blocks(noise: Noise) -> None:
    image = noise(batch=2, height=6, width=8)
    means = image.pixels.reshape(2, 3, 2, 4, 2, 3).mean(dim=(2, 4))
    assert torch.allclose(resize(image, 4, 3, "area").pixels, means, atol=1e-6)


def test_nearest_repeats_pixels(noise: Noise) -> None:
    image = noise()
    doubled = image.pixels.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    assert torch.equal(scale(image, 2.0, "nearest").pixels, doubled)
    assert torch.equal(scale(Image(doubled), 0.5, "nearest").pixels, image.pixels)


@pytest.mark.parametrize("method", list(FILTERS))
def test_overshoots_are_clamped(method: Method) -> None:
    edge = (torch.arange(16) >= 8).float().reshape(1, 1, 16, 1).expand(1, 2, 16, 3)
    resized = resize(Image(edge), 50, 2, method).pixels
    assert resized.min() == 0
    assert resized.max() == 1


def test_the_same_size_changes_nothing(noise: Noise) -> None:
    image = noise(channels=4)
    assert resize(image, 8, 6) == image


def test_fit_keeps_the_proportions(noise: Noise) -> None:
    fitted = resize(noise(height=30, width=60), 20, 20, aspect="fit")
    assert (fitted.width, fitted.height) == (20, 10)
    assert resize(noise(height=1, width=100), 10, 10, aspect="fit").height == 1


def test_fill_cuts_the_sides_off(noise: Noise) -> None:
    image = noise(height=10, width=30)
    filled = resize(image, 10, 10, aspect="fill", method="nearest")
    assert torch.equal(filled.pixels, image.pixels[:, :, 10:20])
    tall = noise(height=30, width=10)
    assert torch.equal(resize(tall, 20, 20, "nearest", "fill").pixels[:, ::2, ::2], tall.pixels[:, 10:20])


def test_what_cannot_be_seen_does_not_bleed() -> None:
    pixels = torch.tensor([0.0, 1.0, 0.0, 0.0]).repeat(1, 4, 8, 1)  # green, but transparent
    pixels[:, :, :4] = torch.tensor([1.0, 0.0, 0.0, 1.0])
    resized = resize(Image(pixels), 5, 4, "bilinear").pixels
    seen = resized[..., 3] > 0.01
    assert torch.allclose(resized[seen][:, :3], torch.tensor([1.0, 0.0, 0.0]), atol=1e-5)
    assert ((resized[..., 3] > 0.1) & (resized[..., 3] < 0.9)).any()


def test_scale_names_a_size_that_is_too_large(noise: Noise) -> None:
    with pytest.raises(NodeError, match="24576 × 384") as caught:
        scale(noise(height=6, width=384), 64.0)
    assert "16384" in caught.value.hint


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.01, 8))
def test_scale_multiplies_sides(width: int, height: int, factor: float) -> None:
    scaled = scale(Image(torch.full((1, height, width, 3), 0.25)), factor)
    assert (scaled.width, scaled.height) == (max(1, round(width * factor)), max(1, round(height * factor)))
    assert torch.allclose(scaled.pixels, torch.tensor(0.25), atol=1e-5)


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from(["stretch", "fit", "fill"]),
)
def test_every_size_can_become_every_other(w: int, h: int, width: int, height: int, aspect: str) -> None:
    resized = resize(Image(torch.rand(1, h, w, 3)), width, height, "lanczos", aspect)  # type: ignore[arg-type]
    if aspect == "fit":
        assert resized.width == width or resized.height == height
        assert resized.width <= width
        assert resized.height <= height
    else:
        assert (resized.width, resized.height) == (width, height)
