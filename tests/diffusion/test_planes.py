"""Filters plane by plane: nothing is mixed up, nothing written, and alpha weighs colours."""

import pytest
import torch
from PIL import Image as Pil

from graphengine.diffusion.planes import filtered, map_planes
from graphengine.diffusion.types.image import Image

pytestmark = pytest.mark.torch


def test_every_plane_is_changed_by_itself() -> None:
    pixels = torch.rand(2, 5, 7, 4)
    flipped = map_planes(pixels, lambda plane: plane.transpose(Pil.Transpose.FLIP_LEFT_RIGHT))
    assert torch.equal(flipped, pixels.flip(2))
    assert flipped.is_contiguous()


def test_planes_keep_the_precision_of_32_bits() -> None:
    pixels = torch.rand(1, 3, 3, 3)
    assert torch.equal(map_planes(pixels, lambda plane: plane.copy()), pixels)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_filter_that_does_nothing_changes_nothing_that_can_be_seen(channels: int) -> None:
    image = Image(torch.rand(2, 5, 7, channels) * 0.9 + 0.1)
    assert torch.allclose(filtered(image, lambda pixels: pixels).pixels, image.pixels, atol=1e-6)


def test_results_are_clamped() -> None:
    image = Image(torch.tensor([0.2, 0.5, 0.9]).expand(1, 2, 2, 3))
    stretched = filtered(image, lambda pixels: (pixels - 0.5) * 3 + 0.5).pixels
    assert stretched[0, 0, 0].tolist() == [0.0, 0.5, 1.0]


def test_colours_are_weighted_by_alpha() -> None:
    red, clear_green = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]
    image = Image(torch.tensor([[[red, clear_green]]]))
    mean = filtered(image, lambda pixels: pixels.mean(dim=2, keepdim=True)).pixels
    assert mean.flatten().tolist() == [1.0, 0.0, 0.0, 0.5]
