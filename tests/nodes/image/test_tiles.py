"""Pictures cut into tiles, and joined again."""

import pytest
import torch

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.image.resize import scale
from nodes.image.tiles import join_tiles, split_tiles

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("height", "width"), [(100, 140), (20, 90), (32, 32), (10, 12)])
@pytest.mark.parametrize("channels", [3, 4])
def test_tiles_that_nobody_changed_are_the_picture(height: int, width: int, channels: int) -> None:
    image = Image(torch.rand(2, height, width, channels))
    tiles = split_tiles(image, 32, 12)
    assert {(each.height, each.width) for each in tiles} == {(min(32, height), min(32, width))}
    assert torch.allclose(join_tiles(tiles, image, 32, 12).pixels, image.pixels, atol=1e-6)


def test_tiles_are_blended_where_they_meet() -> None:
    image = Image(torch.zeros(1, 32, 56, 3))
    left, right = split_tiles(image, 32, 8)
    joined = join_tiles([Image(left.pixels + 0.2), Image(right.pixels + 0.8)], image, 32, 8).pixels[0, 5, :, 0]
    assert joined[:26].eq(joined[0]).all()
    assert joined[30:].eq(joined[-1]).all()
    assert (joined[26:31].diff() > 0.05).all(), "a slope and no step"
    assert (joined[0].item(), joined[-1].item()) == pytest.approx((0.2, 0.8))


def test_larger_tiles_make_a_larger_picture() -> None:
    image = Image(torch.rand(1, 40, 56, 3))
    tiles = [scale(each, 2, "nearest") for each in split_tiles(image, 32, 16)]
    assert torch.allclose(join_tiles(tiles, image, 32, 16).pixels, scale(image, 2, "nearest").pixels, atol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    image = Image(torch.rand(1, 40, 56, 3))
    tiles = split_tiles(image, 32, 16)
    with pytest.raises(NodeError, match="tiles of 32 cannot overlap by 32"):
        split_tiles(image, 32, 32)
    for wrong in (tiles[:-1], [*tiles, tiles[0]], [tiles[0], *(scale(each, 2) for each in tiles[1:])]):
        with pytest.raises(NodeError, match="do not make a picture"):
            join_tiles(wrong, image, 32, 16)
    with pytest.raises(NodeError, match="no tiles"):
        join_tiles([], image)
