"""Layers: laid at a place, with masks, modes and transparency; and pictures of one colour."""

from collections.abc import Callable

import pytest
import torch

from graphengine.diffusion.types.image import Image, Mask
from graphengine.errors import NodeError
from nodes.image.alpha import join_alpha, split_alpha
from nodes.image.blend import blend
from nodes.image.layer import layer as place
from nodes.image.solid import solid

pytestmark = pytest.mark.torch

Noise = Callable[..., Image]


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 1), (-2, -1), (6, 5), (-3, 4)])
def test_a_layer_covers_its_place_and_nothing_else(noise: Noise, x: int, y: int) -> None:
    base, above = noise(batch=2), noise(height=4, width=5)
    found = place(base, above, x, y).pixels
    for row in range(6):
        for column in range(8):
            inside = 0 <= row - y < 4 and 0 <= column - x < 5
            wanted = above.pixels[0, row - y, column - x].expand(2, 3) if inside else base.pixels[:, row, column]
            assert torch.equal(found[:, row, column], wanted)


def test_a_layer_far_away_changes_nothing(noise: Noise) -> None:
    base = noise()
    assert torch.equal(place(base, noise(), 100, -100).pixels, base.pixels)


def test_mask_alpha_and_opacity_multiply(noise: Noise) -> None:
    base, above, mask = noise(), noise(channels=4), Mask(torch.rand(1, 6, 8))
    share = above.pixels[..., 3:] * mask.values.unsqueeze(-1) * 0.5
    wanted = torch.lerp(base.pixels, above.pixels[..., :3], share)
    assert torch.allclose(place(base, above, opacity=0.5, mask=mask).pixels, wanted, atol=1e-6)


def test_of_equal_size_it_is_a_blend(noise: Noise) -> None:
    base, above = noise(), noise()
    assert torch.allclose(place(base, above, mode="overlay").pixels, blend(base, above, "overlay").pixels)


def test_the_mask_is_that_of_the_layer(noise: Noise) -> None:
    with pytest.raises(NodeError, match="1 masks of 8 × 6 do not fit 1 pictures of 5 × 4"):
        place(noise(), noise(height=4, width=5), mask=Mask(torch.ones(1, 6, 8)))


def test_alpha_comes_apart_and_together(noise: Noise) -> None:
    image = noise(batch=2, channels=4)
    parts = split_alpha(image)
    assert join_alpha(parts.image, parts.mask) == image
    assert split_alpha(parts.image).mask.values.eq(1).all()


def test_a_solid_picture_has_its_colour() -> None:
    image = solid(5, 4, "#ff8000")
    assert image.pixels.shape == (1, 4, 5, 3)
    assert torch.allclose(image.pixels, torch.tensor([255, 128, 0]) / 255)
    with pytest.raises(NodeError, match="is no colour"):
        solid(5, 4, "#ff80000")
