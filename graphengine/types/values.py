"""Values of any socket type to bytes and back: a type's own codec, and lists item by item."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from graphengine.types.codec import TOLD, Encoded, JsonObject
from graphengine.types.socket_type import SocketType, TypeRef


@runtime_checkable
class Described(Protocol):
    """A value that can say in one line what it is."""

    def described(self) -> str:
        """Return the line: shapes, element types."""
        ...


Types = Mapping[str, SocketType]
B = TypeVar("B")


def value_nbytes(types: Types, ref: TypeRef, value: Any) -> int:
    """Return about how many bytes of memory a value of the type ``ref`` holds."""
    if ref.item is None:
        return types[ref.name].codec.nbytes(value)
    return 64 + sum(value_nbytes(types, ref.item, item) for item in value)


def encode_value(types: Types, ref: TypeRef, value: Any) -> Encoded:
    """Take a value of the type ``ref`` apart; what it says of itself goes into its description."""
    if ref.item is None:
        encoded = types[ref.name].codec.encode(value)
        if isinstance(value, Encoded) or not isinstance(value, Described):
            return encoded
        return Encoded({**encoded.meta, TOLD: value.described()}, encoded.buffers)
    items = [encode_value(types, ref.item, item) for item in value]
    meta = {"items": [{"meta": each.meta, "buffers": len(each.buffers)} for each in items]}
    return Encoded(meta, tuple(buffer for each in items for buffer in each.buffers))


def decode_value(types: Types, ref: TypeRef, encoded: Encoded) -> Any:
    """Put a value of the type ``ref`` together.

    Raises:
        ValueError: the encoded form is not of that type.
    """
    if ref.item is None:
        return types[ref.name].codec.decode(encoded)
    item = ref.item
    try:
        return [decode_value(types, item, Encoded(*each)) for each in encoded_items(encoded.meta, encoded.buffers)]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a list of {item} was expected") from error


def encoded_items(meta: JsonObject, buffers: Sequence[B]) -> Iterator[tuple[JsonObject, tuple[B, ...]]]:
    """Yield the description and the buffers, or what stands for them, of each item of an encoded list.

    Raises:
        KeyError, TypeError: it is not an encoded list.
    """
    begin = 0
    for each in meta["items"]:
        end = begin + each["buffers"]
        yield each["meta"], tuple(buffers[begin:end])
        begin = end
