"""Values to bytes and back, without copying what is already a buffer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

Buffer = bytes | bytearray | memoryview
JsonObject = Mapping[str, Any]

TOLD: Final = "$described"
"""In a description: the line that the value says of itself, kept for those who cannot put it together."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value taken apart: a small JSON description and the raw buffers it refers to, in order.

    The buffers may alias the memory of the value; whoever writes them to a disk, a pipe or shared memory
    decides when they are copied.
    """

    meta: JsonObject
    buffers: tuple[Buffer, ...] = ()

    def described(self) -> str:
        """Return in one line what the value says of itself, and the size of the buffers; empty where it has none.

        Of a value that says nothing, the shapes that the description names stand for it. Nothing else of the
        description is told: it may name files.
        """
        if not self.buffers:
            return ""
        shapes = [*_shapes(self.meta, "")]
        told = [*shapes[:_MOST_SHAPES], *(["…"] if len(shapes) > _MOST_SHAPES else [])]
        own = self.meta.get(TOLD)
        size = f"{sum(memoryview(each).nbytes for each in self.buffers):,} bytes"
        return ", ".join([*([own] if isinstance(own, str) and own else told), size])


_MOST_SHAPES: Final = 4


def _shapes(meta: Any, name: str) -> Iterator[str]:
    if isinstance(meta, Mapping):
        for key, each in meta.items():
            yield from _shapes(each, str(key))
    elif isinstance(meta, Sequence) and not isinstance(meta, str):
        if meta and all(type(each) is int for each in meta):
            yield f"{name} {'x'.join(map(str, meta))}"
        else:
            for each in meta:
                yield from _shapes(each, name)


class Codec(Protocol):
    """How values of one socket type are measured, taken apart and put together again.

    ``decode(encode(value))`` equals ``value``; what ``decode`` returns may alias the buffers it was given,
    which the caller then keeps unchanged. Of a value that can say what it is, the engine adds the line to the
    description, as ``$described``.
    """

    def nbytes(self, value: Any) -> int:
        """Return about how many bytes of memory the value holds."""
        ...

    def encode(self, value: Any) -> Encoded:
        """Take a value apart."""
        ...

    def decode(self, encoded: Encoded) -> Any:
        """Put a value together.

        Raises:
            ValueError: the encoded form is not one that :meth:`encode` makes.
        """
        ...


class SealedCodec:
    """The codec where only others know how values are put together: there they stay encoded, and are passed on."""

    def nbytes(self, value: Encoded) -> int:
        """Return the size of the buffers, and a flat guess for the description."""
        return 64 + sum(memoryview(each).nbytes for each in value.buffers)

    def encode(self, value: Encoded) -> Encoded:
        """Return what came."""
        return value

    def decode(self, encoded: Encoded) -> Encoded:
        """Return what comes."""
        return encoded


class JsonCodec:
    """The codec of plain values: numbers, strings, booleans, lists and objects."""

    def nbytes(self, value: Any) -> int:
        """Return the length of a string, or a flat guess for anything else."""
        return 64 + len(value) if isinstance(value, str) else 64

    def encode(self, value: Any) -> Encoded:
        """Keep the value as it is, in the description."""
        json.dumps(value, allow_nan=False)  # refuse here what could not be read back
        return Encoded({"value": value})

    def decode(self, encoded: Encoded) -> Any:
        """Return the value."""
        if "value" not in encoded.meta:
            raise ValueError("a plain value was expected")
        return encoded.meta["value"]
