"""Edges, told by pixels."""

import pytest
import torch

from graphengine.diffusion.types.image import Image
from nodes.control.edges import canny

pytestmark = pytest.mark.torch


def _step(level: float, batch: int = 1) -> Image:
    pixels = torch.zeros(batch, 32, 32, 3)
    pixels[:, :, 16:] = level / 255
    return Image(pixels)


def test_an_edge_is_one_thin_line_where_it_is() -> None:
    edges = canny(_step(255)).pixels
    assert edges.shape == (1, 32, 32, 3)
    columns = edges[0, :, :, 0].sum(0).nonzero().flatten().tolist()
    assert columns in ([15], [16])
    assert set(edges.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(("level", "high", "found"), [(60, 200, True), (40, 200, False), (40, 150, True)])
def test_an_edge_counts_from_its_strength_on(level: float, high: float, found: bool) -> None:
    assert bool(canny(_step(level), low=high / 2, high=high).pixels.any()) is found


def test_a_weak_edge_goes_on_a_strong_one() -> None:
    picture = _step(60)
    picture.pixels[:, 16:, 16:] = 35 / 255
    alone = canny(Image(picture.pixels[:, 20:]), low=100, high=200).pixels
    whole = canny(picture, low=100, high=200).pixels
    assert not alone.any()
    assert whole[0, 24, :, 0].any()


def test_thresholds_may_change_places_and_pictures_are_seen_alone() -> None:
    both = Image(torch.cat([_step(255).pixels, _step(0).pixels]))
    edges = canny(both, low=200, high=100).pixels
    assert torch.equal(edges[:1], canny(_step(255)).pixels)
    assert not edges[1].any()
