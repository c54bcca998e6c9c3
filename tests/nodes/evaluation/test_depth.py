"""How near depth is to the true one: figures that were worked out by hand, and what alignment changes."""

import numpy as np
import pytest
import torch

from graphengine.diffusion.types.depth import DepthMap
from graphengine.errors import NodeError
from nodes.data.depth import depth as depth_of
from nodes.data.draw import draw
from nodes.evaluation.depth import depth_errors

pytestmark = pytest.mark.torch


def maps(*rows: list[float]) -> DepthMap:
    return DepthMap(torch.tensor(rows).view(len(rows), 1, -1))


def test_the_figures_are_those_of_the_field() -> None:
    found = depth_errors(maps([1.0, 2.0, 5.0]), maps([1.0, 2.0, 4.0]))
    assert found.abs_rel == pytest.approx(0.25 / 3)
    assert found.rmse == pytest.approx((1 / 3) ** 0.5)
    assert found.delta == pytest.approx(2 / 3), "a quarter is too much"
    assert found.correlation == pytest.approx(np.corrcoef([1, 2, 5], [1, 2, 4])[0, 1])
    assert found.inverse == pytest.approx(np.corrcoef([1, 1 / 2, 1 / 5], [1, 1 / 2, 1 / 4])[0, 1])


def test_the_mean_over_the_maps_is_told_and_a_flat_map_says_nothing() -> None:
    found = depth_errors(maps([1.0, 2.0, 4.0], [3.0, 3.0, 3.0]), maps([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]))
    assert found.correlation == pytest.approx(0.5)


def test_alignment_takes_scale_and_shift_of_the_inverse_away() -> None:
    true = depth_of(draw(3, "landscapes", size=32, seed=1), 0, 3)
    told = DepthMap(1 / (0.5 / true.values + 0.2))
    assert depth_errors(told, true).abs_rel > 0.5
    found = depth_errors(told, true, "scale and shift")
    assert found.abs_rel == pytest.approx(0, abs=1e-3)
    assert found.delta == 1
    assert depth_errors(told, true).inverse == pytest.approx(1)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(NodeError, match="1 maps of 2 × 1 cannot be compared with 1 maps of 3 × 1"):
        depth_errors(maps([1.0, 2.0]), maps([1.0, 2.0, 3.0]))
    with pytest.raises(NodeError, match="of a dataset of 2"):
        depth_of(draw(2, "landscapes"), 1, 2)
    with pytest.raises(NodeError, match="no depth"):
        depth_of(draw(2, "two figures"), 0, 2)
