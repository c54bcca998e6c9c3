"""Lists that are made, counted and taken apart, and batches that become lists."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.image.batch import join, split
from nodes.list.make import counted
from nodes.list.take import item, length, part
from nodes.text.lines import lines

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("count", "start", "step", "expected"), [(3, 5, 1, [5, 6, 7]), (2, 0, -4, [0, -4]), (0, 1, 1, [])]
)
def test_a_range_has_as_many_numbers_as_asked_for(count: int, start: int, step: int, expected: list[int]) -> None:
    assert counted(count, start, step) == expected


def test_items_are_counted_from_both_ends() -> None:
    values: list[object] = ["a", "b", "c"]
    assert (item(values, 0), item(values, -1), length(values)) == ("a", "c", 3)
    with pytest.raises(NodeError, match="no item 3 in a list of 3"):
        item(values, 3)


@pytest.mark.parametrize(
    ("start", "count", "expected"), [(1, 2, [2, 3]), (-2, 5, [3, 4]), (-2, 1, [3]), (9, 1, []), (0, 0, [])]
)
def test_a_part_is_as_long_as_there_are_items(start: int, count: int, expected: list[int]) -> None:
    assert part([1, 2, 3, 4], start, count) == expected


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(NodeError, match="-1 items cannot be taken"):
        part([1], 0, -1)


def test_lines_of_a_text() -> None:
    assert lines(" a red circle\r\n\n  a blue star \n") == ["a red circle", "a blue star"]


def test_a_batch_split_and_joined_is_the_same(noise: Callable[..., Image]) -> None:
    image = noise(3)
    assert torch.equal(join(split(image)).pixels, image.pixels)


def test_joined_with_a_transparent_picture_all_have_alpha(noise: Callable[..., Image]) -> None:
    joined = join([noise(), noise(channels=4)])
    assert joined.channels == 4
    assert bool((joined.pixels[0, ..., 3] == 1).all())


@pytest.mark.parametrize("sizes", [[], [(6, 8), (8, 6)]])
def test_only_pictures_of_one_size_are_joined(noise: Callable[..., Image], sizes: list[Any]) -> None:
    with pytest.raises(NodeError, match="pictures of one size"):
        join([noise(height=height, width=width) for height, width in sizes])
