"""From the annotation of a parameter or a result to the socket type it names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import PydanticSchemaGenerationError, TypeAdapter

from graphengine.errors import DeclarationError
from graphengine.files.roots import File
from graphengine.node.check import STRICT
from graphengine.node.lazy import Lazy
from graphengine.types.builtin import ANYTHING, BOOL, CHOICE, FLOAT, INT, SEED, SEED_RANGE, STRING, Seed
from graphengine.types.socket_type import TypeRef

SEQUENCES = (Iterator, Iterable)
"""The annotations of what comes item by item."""

_PLAIN: Mapping[Any, TypeRef] = {
    bool: BOOL.ref,
    int: INT.ref,
    float: FLOAT.ref,
    str: STRING.ref,
    Seed: SEED.ref,
    object: ANYTHING.ref,
    Any: ANYTHING.ref,
}
_PLAIN_REFS = frozenset((*_PLAIN.values(), CHOICE.ref))


def unwrap(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Strip ``Lazy``, ``Annotated`` and ``| None``; return the bare type and what was annotated."""
    if get_origin(hint) is Annotated:
        inner, *metadata = get_args(hint)
        bare, more = unwrap(inner)
        return bare, (*metadata, *more)
    if get_origin(hint) in (Union, UnionType):
        kinds = [each for each in get_args(hint) if each is not NoneType]
        if len(kinds) == 1:
            return unwrap(kinds[0])
    if get_origin(hint) is Lazy:
        return unwrap(get_args(hint)[0])
    return hint, ()


def eager(hint: Any) -> Any:
    """Return the annotation of a lazy input, ``Lazy[X]`` or ``Lazy[X] | None``, without the ``Lazy``; others as is."""
    if get_origin(hint) is Lazy:
        return get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(eager(each) for each in get_args(hint))]  # noqa: UP007 - from a tuple there is no other way
    return hint


def type_ref(bare: Any) -> TypeRef:
    """Return the socket type that a bare annotation names.

    Raises:
        DeclarationError: it names none.
    """
    if get_origin(bare) is Literal and all(isinstance(word, str) for word in get_args(bare)):
        return CHOICE.ref
    if get_origin(bare) is list:
        return type_ref(unwrap(get_args(bare)[0])[0]).listed
    if get_origin(bare) in SEQUENCES:
        return type_ref(unwrap(get_args(bare)[0])[0]).flowing
    if bare in _PLAIN:
        return _PLAIN[bare]
    if isinstance(bare, type):
        return TypeRef(socket_name(bare))
    raise DeclarationError(f"{bare!r} is not a socket type")


def socket_name(python: type) -> str:
    """Return the socket type's name of a class: its own, without ``Ref`` (a Model travels as a ModelRef)."""
    return python.__name__.removesuffix("Ref")


def is_plain(ref: TypeRef) -> bool:
    """Whether pydantic checks a value of the type, or the items of a sequence, as plain JSON."""
    return is_plain(ref.item) if ref.item is not None else ref in _PLAIN_REFS


def adapter(hint: Any) -> TypeAdapter[Any]:
    """Return what checks plain values, or those of a sequence, strictly and without NaN or infinity.

    Raises:
        DeclarationError: pydantic cannot check the annotation.
    """
    bare, metadata = unwrap(hint)
    if get_origin(bare) in SEQUENCES:
        return adapter(get_args(bare)[0])
    if bare is Seed:
        hint = Annotated[int, SEED_RANGE, *metadata]
    try:
        return TypeAdapter(hint, config=STRICT)
    except PydanticSchemaGenerationError as error:
        raise DeclarationError(f"the annotation {hint!r} cannot be checked: {error}") from error


def output_name(ref: TypeRef) -> str:
    """Return the name of an only output: ``image`` for Image, ``images`` for a list, ``value`` if plain."""
    if ref.item is not None:
        inner = output_name(ref.item)
        return inner if ref.item.item is not None else f"{inner}s"
    if is_plain(ref):
        return "value"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ref.name).lower()


def classes(hint: Any) -> dict[str, type]:
    """Return the classes behind an annotation that only a pack can define, by type name."""
    bare, _ = unwrap(hint)
    if get_origin(bare) is list or get_origin(bare) in SEQUENCES:
        return classes(get_args(bare)[0])
    if isinstance(bare, type) and bare not in _PLAIN and bare is not File:
        return {socket_name(bare): bare}
    return {}
