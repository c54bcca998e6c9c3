"""Tensors to buffers and back."""

import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from graphengine.types.codec import Buffer, Encoded

Value = TypeVar("Value")

_ITEM = 4  # bytes of a float32


def to_buffer(tensor: Tensor) -> tuple[list[int], Buffer]:
    """Return the shape and the bytes of an fp32 CPU tensor; a contiguous tensor is not copied."""
    flat = tensor.detach().contiguous().reshape(-1)
    array: Any = flat.numpy()
    return list(tensor.shape), memoryview(array).cast("B")


def from_buffer(shape: Any, buffer: Buffer) -> Tensor:
    """Make the tensor again; a writable buffer is aliased, a read-only one is copied.

    torch has no read-only tensors: aliasing memory that must not be written would turn a mistake into a crash.

    Raises:
        ValueError: the shape does not fit the buffer.
    """
    if not isinstance(shape, Sequence) or not all(isinstance(size, int) and size > 0 for size in shape):
        raise ValueError(f"{shape!r} is not the shape of a tensor")
    view = memoryview(buffer)
    if view.nbytes != math.prod(shape) * _ITEM:
        raise ValueError(f"{view.nbytes} bytes do not hold a tensor of shape {list(shape)}")
    return torch.frombuffer(bytearray(view) if view.readonly else view, dtype=torch.float32).reshape(shape)


class TensorCodec(Generic[Value]):
    """Stores a value that is one tensor, as its raw numbers.

    Args:
        kind: makes a value of the tensor.
        name: the attribute that holds it.
    """

    def __init__(self, kind: Callable[[Tensor], Value], name: str) -> None:
        self._kind = kind
        self._tensor: Callable[[Value], Tensor] = attrgetter(name)

    def nbytes(self, value: Value) -> int:
        """Return the size of the tensor."""
        return self._tensor(value).nbytes

    def encode(self, value: Value) -> Encoded:
        """Take the tensor out."""
        shape, buffer = to_buffer(self._tensor(value))
        return Encoded({"shape": shape}, (buffer,))

    def decode(self, encoded: Encoded) -> Value:
        """Put the tensor back."""
        (buffer,) = encoded.buffers
        return self._kind(from_buffer(encoded.meta.get("shape"), buffer))
