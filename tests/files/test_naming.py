from datetime import datetime
from itertools import islice
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.files.naming import NamePatternError, candidates, fields_of

NOW = datetime(2026, 5, 31, 14, 3, 59).astimezone()
FIELDS = fields_of("My flow", "save", "r1", NOW)


def first(pattern: str) -> str:
    return next(candidates(pattern, ".png", FIELDS))


def test_fields_are_filled_in() -> None:
    assert first("{workflow}-{node}-{date}-{time}-{counter:03}") == "My flow-save-2026-05-31-14-03-59-001.png"


def test_a_pattern_without_a_counter_gets_one() -> None:
    assert list(islice(candidates("{workflow}", ".png", FIELDS), 2)) == [
        "My flow_00001.png",
        "My flow_00002.png",
    ]


def test_folders_are_made_by_slashes() -> None:
    assert first("{date}/cat {counter}") == "2026-05-31/cat 1.png"


@pytest.mark.parametrize("pattern", ["../up", "/etc/x", "a/../../b", "{unknown}", ""])
def test_a_wrong_pattern_is_refused(pattern: str) -> None:
    if not pattern:
        assert first(pattern) == "_00001.png"
        return
    with pytest.raises(NamePatternError):
        first(pattern)


@pytest.mark.parametrize("pattern", ["x" * 500, "絵" * 300, "{workflow}" * 60, "a{counter}b" * 40])
def test_a_long_name_is_shortened_and_never_at_its_counter(pattern: str) -> None:
    first, second = islice(candidates(pattern, ".png", FIELDS), 2)
    assert first != second
    assert max(len(name.encode()) for name in (first, second)) <= 255 - 20


@given(st.text(max_size=200), st.text(max_size=50))
def test_any_text_makes_a_safe_name_or_an_error(pattern: str, title: str) -> None:
    try:
        name = next(candidates(pattern, ".png", fields_of(title, "save", "r", NOW)))
    except NamePatternError:
        return
    path = PurePosixPath(name)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert "\0" not in name
    assert all(len(part.encode()) <= 235 for part in path.parts)
