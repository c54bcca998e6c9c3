"""Texts and files come out as they went in."""

from pathlib import Path

import pytest

from graphengine.files.roots import File
from graphengine.node.declare import spec_of
from nodes.primitive.string import file, string, text

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("value", ["", "a\nb", "試験 ☂"])
def test_texts_come_out_as_they_went_in(value: str) -> None:
    assert string(value) == text(value) == value


def test_files_come_out_as_they_went_in() -> None:
    given = File("a.png", Path("a.png"), "0" * 64)
    assert file(given) is given


def test_files_are_looked_up_among_inputs_then_models() -> None:
    assert spec_of(file).input["file"].roots == ("inputs", "models")
