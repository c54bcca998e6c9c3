"""Words for the items of a list."""

import pytest

from graphengine.errors import NodeError
from nodes.list.words import words

pytestmark = pytest.mark.torch


def test_a_line_for_each_item() -> None:
    assert words([1.0, 2.5, 3, "four", True]) == ["1", "2.5", "3", "four", "True"]
    assert words(["night", "snow"], "${index}: a house in $value, $$5") == [
        "1: a house in night, $5",
        "2: a house in snow, $5",
    ]
    assert words([]) == []


@pytest.mark.parametrize("template", ["$other", "$", "${"])
def test_a_wrong_template(template: str) -> None:
    with pytest.raises(NodeError, match="cannot be filled"):
        words(["a"], template)


def test_a_value_without_words() -> None:
    with pytest.raises(NodeError, match="an item is a list"):
        words([[1]])
