"""Tensors to buffers and back."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graphengine.types.codec import Buffer

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
