"""Brackets in prompts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.models.prompt import Fragment, parse_prompt


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("a red circle", [("a red circle", 1)]),
        ("a (red) circle", [("a ", 1), ("red", 1.1), (" circle", 1)]),
        ("a ((red)) circle", [("a ", 1), ("red", 1.1**2), (" circle", 1)]),
        ("a [red] circle", [("a ", 1), ("red", 1 / 1.1), (" circle", 1)]),
        ("a (red:1.3) circle", [("a ", 1), ("red", 1.3), (" circle", 1)]),
        ("(red: -.5 )", [("red", -0.5)]),
        ("(a (b:2) c:0.5)", [("a ", 0.5), ("b", 1.0), (" c", 0.5)]),
        ("((a:2))", [("a", 2.2)]),
        ("[a (b)]", [("a ", 1 / 1.1), ("b", 1)]),
        (r"a \(red\) \[b\] \\", [(r"a (red) [b] \\"[:-1], 1)]),
        ("10:30 o'clock", [("10:30 o'clock", 1)]),
        ("a:1.2)", [("a:1.2)", 1)]),
        ("(a", [("(a", 1)]),
        ("a)", [("a)", 1)]),
        ("(a]", [("(a]", 1)]),
        ("((a)", [("(", 1), ("a", 1.1)]),
        ("[a:1.2]", [("a:1.2", 1 / 1.1)]),
        ("(a:1:2)", [("a:1", 2)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("()", []),
        ("(:2)", []),
        ("a\nb", [("a\nb", 1)]),
    ],
)
def test_parsing(prompt: str, expected: list[tuple[str, float]]) -> None:
    found = parse_prompt(prompt)
    assert [fragment.text for fragment in found] == [text for text, _ in expected]
    assert all(math.isclose(f.weight, weight) for f, (_, weight) in zip(found, expected, strict=True))


@given(st.text("ab ,.:1()[]\\", max_size=60))
def test_any_text_parses(prompt: str) -> None:
    for fragment in parse_prompt(prompt):
        assert fragment.text
        assert math.isfinite(fragment.weight)


@given(st.text("abc ,.:!?-'ä", min_size=1, max_size=60))
def test_text_without_brackets_is_unchanged(prompt: str) -> None:
    assert parse_prompt(prompt) == (Fragment(prompt, 1.0),)


def test_deep_nesting_takes_linear_time() -> None:
    assert parse_prompt("(" * 20_000 + "a")[0].weight == 1.0
