"""Text made of text, and nothing evaluated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from nodes.primitive.text import fill, join, replace

pytestmark = pytest.mark.torch


def test_join_leaves_empty_texts_out() -> None:
    assert join("a cat", "", "oil on canvas") == "a cat, oil on canvas"
    assert join() == ""
    assert join("a", "b", "c", "d", separator="") == "abcd"


@given(st.text(), st.text(min_size=1), st.text())
def test_replace_is_pythons(text: str, find: str, replacement: str) -> None:
    assert replace(text, find, replacement) == text.replace(find, replacement)


def test_replace_takes_patterns_as_plain_text() -> None:
    assert replace("a.c abc", "a.c", r"\0") == r"\0 abc"


def test_format_fills_places() -> None:
    assert fill("$a of ${b}s, $c, $d, 5 $$", "portrait", "cat", 42, 0.5) == "portrait of cats, 42, 0.5, 5 $"
    assert fill(a="as it is: $b {c}") == "as it is: $b {c}"
    assert fill("$a", a=True) == "True"


@pytest.mark.parametrize("template", ["$e", "${__class__}", "$a_", "$", "100 $ only", "${a.real}", "${}"])
def test_format_refuses_what_it_does_not_know(template: str) -> None:
    with pytest.raises(NodeError) as caught:
        fill(template, "x")
    assert "$$" in caught.value.hint


def test_format_refuses_values_that_are_no_text(noise: object) -> None:
    assert callable(noise)
    image = noise()
    assert isinstance(image, Image)
    with pytest.raises(NodeError, match="'b' is a Image"):
        fill("$b", b=image)


@given(st.text())
def test_format_gives_a_text_or_says_why(template: str) -> None:
    try:
        result = fill(template, "x")
    except NodeError as error:
        assert error.hint  # noqa: PT017 - both ways are right
    else:
        assert "$" in template or result == template
