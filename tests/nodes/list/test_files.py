"""Lists from files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from graphengine.errors import NodeError
from graphengine.files.roots import File
from nodes.list.files import csv_integers, csv_numbers, csv_texts, text_file

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


@pytest.fixture
def written(tmp_path: Path, file_of: FileOf) -> Callable[[str], File]:
    def write(content: str) -> File:
        (tmp_path / "list.txt").write_text(content, encoding="utf-8")
        return file_of(tmp_path / "list.txt")

    return write


def test_lines(written: Callable[[str], File]) -> None:
    assert text_file(written("\ufeffa red circle\r\n\n  ein grüner Stern \n")) == ["a red circle", "ein grüner Stern"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns(written: Callable[[str], File], separator: str) -> None:
    file = written('prompt,seed,cfg\n"a circle, red",3,2.5\n\n"two\nlines",4,7\n'.replace(",", separator))
    texts = [f"a circle{separator} red", "two\nlines"]
    assert csv_texts(file, "prompt") == csv_texts(file, "1") == texts
    assert csv_integers(file, "seed") == [3, 4]
    assert csv_numbers(file, "3") == [2.5, 7.0]


def test_only_ends_of_lines_end_a_row(written: Callable[[str], File]) -> None:
    assert csv_texts(written("prompt,seed\na\u2028ring\x0cb,3\r\nstar,4\n"), "prompt") == ["a\u2028ring\x0cb", "star"]
    assert csv_texts(written("prompt,seed\na\u2028ring\x0cb,3\r\nstar,4\n"), "seed") == ["3", "4"]


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("a,b\n1,2\n", "c", "no column 'c'"),
        ("a,b\n1,2\n", "3", "no column '3'"),
        ("", "a", "no column 'a'"),
        ("a,b\n1,2\n3\n", "b", "row 3 of the table has no column"),
        ('a,b\n"1,2\n', "a", "is no table"),
        ("a\n1\nx\n", "a", "row 3 holds 'x'"),
    ],
)
def test_what_is_wrong_is_told(written: Callable[[str], File], content: str, column: str, message: str) -> None:
    with pytest.raises(NodeError, match=message):
        csv_integers(written(content), column)


def test_what_is_not_text(tmp_path: Path, file_of: FileOf) -> None:
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(NodeError, match="UTF-8|as text"):
        text_file(file_of(tmp_path / "list.txt"))
