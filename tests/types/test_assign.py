import itertools

import pytest

from graphengine.errors import DeclarationError
from graphengine.types.assign import BUILTIN_CONVERSIONS, IDENTITY, Assignability, Conversion
from graphengine.types.builtin import BUILTIN_TYPES
from graphengine.types.socket_type import TypeRef

TABLE = Assignability()


@pytest.mark.parametrize("type_", BUILTIN_TYPES, ids=lambda each: each.name)
def test_every_type_flows_into_itself_and_any(type_) -> None:
    for target in (type_.ref, TypeRef("Any")):
        found = TABLE.find(type_.ref, target)
        assert found is not None
        assert found.convert("x") == "x"


def test_exactly_the_table_converts() -> None:
    names = [each.name for each in BUILTIN_TYPES if each.name != "Any"]
    connected = {(a, b) for a, b in itertools.permutations(names, 2) if TABLE.find(TypeRef(a), TypeRef(b))}
    assert connected == {(each.source, each.target) for each in BUILTIN_CONVERSIONS}


def test_a_whole_number_becomes_a_float() -> None:
    conversion = TABLE.find(TypeRef("Int"), TypeRef("Float"))
    assert conversion is not None
    assert type(conversion.convert(3)) is float


def test_a_float_does_not_become_a_whole_number() -> None:
    assert TABLE.find(TypeRef("Float"), TypeRef("Int")) is None


INT, FLOAT, ANY, STRING = (TypeRef(name) for name in ("Int", "Float", "Any", "String"))


def test_lists_connect_where_their_items_do() -> None:
    found = TABLE.find(INT.listed, FLOAT.listed)
    assert found is not None
    assert [type(each) for each in found.convert([1, 2])] == [float, float]
    assert TABLE.find(INT.listed, ANY.listed) is IDENTITY
    assert TABLE.find(FLOAT.listed, INT.listed) is None
    assert TABLE.find(INT, INT.listed) is None


@pytest.mark.parametrize(
    ("source", "target", "each"),
    [
        (INT, FLOAT, False),
        (INT.listed, FLOAT, True),
        (INT.flowing, FLOAT, True),
        (INT.flowing, FLOAT.flowing, False),
        (INT.flowing, FLOAT.listed, False),
        (INT.listed, FLOAT.flowing, False),
        (INT.listed.listed, FLOAT.listed, True),
        (INT.listed, ANY, False),
        (INT.listed, STRING, None),
        (INT.flowing, STRING, None),
        (INT.listed.listed, FLOAT, None),
        (INT, FLOAT.flowing, None),
    ],
)
def test_a_list_fits_whole_or_item_by_item(source: TypeRef, target: TypeRef, each: bool | None) -> None:
    fit = TABLE.fit(source, target)
    assert (None if fit is None else fit.each) == each


def test_a_type_is_read_as_it_is_written() -> None:
    for type_ in (INT, INT.listed, INT.listed.flowing):
        assert TypeRef.parse(str(type_)) == type_


def test_two_ways_between_the_same_types_are_refused() -> None:
    with pytest.raises(DeclarationError, match="two conversions"):
        Assignability((Conversion("A", "B"), Conversion("A", "B")))
