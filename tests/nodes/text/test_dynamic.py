"""Texts with choices in them."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.types.builtin import Seed
from nodes.text.dynamic import combinations, dynamic

pytestmark = pytest.mark.torch


def drawn(text: str, count: int = 300, folder: File | None = None) -> Counter[str]:
    return Counter(dynamic(text, Seed(seed), folder) for seed in range(count))


@pytest.fixture
def folder(tmp_path: Path, file_of: Callable[[Path], File]) -> File:
    place = tmp_path / "cards"
    (place / "more").mkdir(parents=True)
    (place / "animal.txt").write_text("# animals\ncat\n\n{big|small} dog\n", encoding="utf-8")
    (place / "loop.txt").write_text("__loop__\n", encoding="utf-8")
    (place / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    (place / "more" / "place.txt").write_text("meadow\n", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret\n", encoding="utf-8")
    return file_of(place)


def test_a_text_without_choices_stays() -> None:
    for text in ("a (red:1.3) circle, [blue] | $5 __", "snake_case and __init", "\\{a\\|b\\}"):
        assert dynamic(text) == text.replace("\\", "")


def test_choices_are_made_by_the_seed_and_nest() -> None:
    found = drawn("a {red|{light|dark} blue} circle")
    assert found.keys() == {"a red circle", "a light blue circle", "a dark blue circle"}
    assert found["a red circle"] == pytest.approx(150, abs=40)
    assert dynamic("{a|b|c|d}", Seed(4)) == dynamic("{a|b|c|d}", Seed(4))


def test_weights() -> None:
    assert drawn("{9::red|1::blue}")["red"] == pytest.approx(270, abs=25)
    assert drawn("{0::red|blue}").keys() == {"blue"}


def test_some_of_several() -> None:
    pairs = drawn("{2$$a|b|c}")
    assert pairs.keys() == {f"{one}, {other}" for one in "abc" for other in "abc" if one != other}
    assert drawn("{1-2$$ and $$a|b}").keys() == {"a", "b", "a and b", "b and a"}
    assert drawn("{5$$a|b}").keys() == {"a, b", "b, a"}


def test_wildcards(folder: File) -> None:
    found = drawn("a __animal__ on a __more/place__", folder=folder)
    assert found.keys() == {f"a {each} on a meadow" for each in ("cat", "big dog", "small dog")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__nothing__", "no wildcard __nothing__"),
        ("__../secret__", "__../secret__"),
        ("__loop__", "nested too deeply"),
        ("__empty__", "is empty"),
        ("{a|b", "not closed"),
        ("a}", "not opened"),
        ("{0::a|0::b}", "no choice"),
        ("{3-1$$a|b}", "from 3 to 1"),
        ("{" * 30 + "}" * 30, "too deeply"),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str, folder: File) -> None:
    if "secret" in text:
        assert dynamic(text, wildcards=folder) == text, "a name has no dots"
        return
    with pytest.raises(NodeError, match=message):
        dynamic(text, wildcards=folder)


def test_wildcards_need_a_folder() -> None:
    with pytest.raises(NodeError, match="no folder of wildcards for __animal__"):
        dynamic("__animal__")


def test_all_combinations(folder: File) -> None:
    assert combinations("{a|b} {1|{2|3}}") == ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"]
    assert combinations("__animal__!", wildcards=folder) == ["cat!", "big dog!", "small dog!"]
    assert combinations("{a|b|c}", 2) == ["a", "b"]
    with pytest.raises(NodeError, match="too many"):
        combinations("{2$$a|b|c}")
