"""Values of any socket type to bytes and back: a type's own codec, and lists item by item."""

from collections.abc import Mapping
from typing import Any

from graphengine.types.codec import Encoded
from graphengine.types.socket_type import SocketType, TypeRef

Types = Mapping[str, SocketType]


def value_nbytes(types: Types, ref: TypeRef, value: Any) -> int:
    """Return about how many bytes of memory a value of the type ``ref`` holds."""
    if ref.item is None:
        return types[ref.name].codec.nbytes(value)
    return 64 + sum(value_nbytes(types, ref.item, item) for item in value)


def encode_value(types: Types, ref: TypeRef, value: Any) -> Encoded:
    """Take a value of the type ``ref`` apart."""
    if ref.item is None:
        return types[ref.name].codec.encode(value)
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
    values, rest = [], list(encoded.buffers)
    try:
        for each in encoded.meta["items"]:
            own, rest = rest[: each["buffers"]], rest[each["buffers"] :]
            values.append(decode_value(types, ref.item, Encoded(each["meta"], tuple(own))))
    except (KeyError, TypeError) as error:
        raise ValueError(f"a list of {ref.item} was expected") from error
    return values
