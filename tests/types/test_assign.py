import itertools

import pytest

from graphengine.errors import DeclarationError
from graphengine.types.assign import BUILTIN_CONVERSIONS, Assignability, Conversion
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


def test_lists_connect_only_to_lists_of_the_same() -> None:
    ints = TypeRef("List", TypeRef("Int"))
    assert TABLE.find(ints, ints) is not None
    assert TABLE.find(ints, TypeRef("List", TypeRef("Float"))) is None
    assert TABLE.find(TypeRef("Int"), ints) is None


def test_two_ways_between_the_same_types_are_refused() -> None:
    with pytest.raises(DeclarationError, match="two conversions"):
        Assignability((Conversion("A", "B"), Conversion("A", "B")))
