import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.files.roots import File
from graphengine.types.builtin import FileCodec
from graphengine.types.codec import Encoded, JsonCodec

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_values_come_back(value: object) -> None:
    codec = JsonCodec()
    assert codec.decode(codec.encode(value)) == value
    assert codec.nbytes(value) > 0


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        JsonCodec().encode(math.nan)


def test_a_file_comes_back(tmp_path: Path) -> None:
    file = File("inputs:a", tmp_path / "a", "d")
    back = FileCodec().decode(FileCodec().encode(file))
    assert (back, back.path, back.reference) == (file, file.path, file.reference)


@pytest.mark.parametrize("codec", [JsonCodec(), FileCodec()])
def test_a_foreign_form_is_refused(codec) -> None:
    with pytest.raises(ValueError, match="expected"):
        codec.decode(Encoded({}))
