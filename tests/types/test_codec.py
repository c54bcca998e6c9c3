import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphengine.files.roots import File
from graphengine.types.builtin import BUILTIN_TYPES, FileCodec
from graphengine.types.codec import Encoded, JsonCodec
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encode_value, value_nbytes

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


@given(st.lists(st.lists(st.text())))
def test_lists_come_back_item_by_item(value: list[list[str]]) -> None:
    types = {each.name: each for each in BUILTIN_TYPES}
    ref = TypeRef("List", TypeRef("List", TypeRef("String")))
    assert decode_value(types, ref, encode_value(types, ref, value)) == value
    assert value_nbytes(types, ref, value) > 0


def test_a_list_of_another_form_is_refused() -> None:
    types = {each.name: each for each in BUILTIN_TYPES}
    for meta in ({}, {"items": 1}, {"items": [1]}, {"items": [{"meta": {}, "buffers": 0}]}):
        with pytest.raises(ValueError, match="expected"):
            decode_value(types, TypeRef("List", TypeRef("Int")), Encoded(meta))
