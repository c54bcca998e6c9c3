"""What every value made of tensors has in common: fp32 on the CPU, compared by content."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, cast

import torch
from torch import Tensor

_MOST: Final = 4  # tensors that a line names


def require(tensor: Tensor, name: str, *shape: int | None) -> None:
    """Check that ``tensor`` is fp32 on the CPU and has ``shape``, where None stands for any size from 1.

    Raises:
        ValueError: it is not; the message names ``name`` and says what was found.
    """
    fits = tensor.ndim == len(shape) and all(
        size == wanted or (wanted is None and size > 0) for size, wanted in zip(tensor.shape, shape, strict=False)
    )
    if not fits:
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} must be {wanted}, not {' x '.join(map(str, tensor.shape)) or 'a scalar'}")
    if tensor.dtype != torch.float32 or tensor.device.type != "cpu":
        raise ValueError(f"{name} must be float32 on the CPU, not {tensor.dtype} on {tensor.device}")


class TensorValue:
    """Base of frozen dataclasses with tensor fields: equal by content, and short in a log."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # content of megabytes is no dictionary key

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = [field.name for field in fields(cast("Any", self))]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    def __repr__(self) -> str:
        shown = (f"{field.name}={_short(getattr(self, field.name))}" for field in fields(cast("Any", self)))
        return f"{type(self).__name__}({', '.join(shown)})"

    def described(self) -> str:
        """Return the shape and the element type of each tensor, by its name; of many, the first four."""
        return described(tensors_of(self))


def described(tensors: Iterator[tuple[str, Tensor]]) -> str:
    """Return the shapes and the element types of named tensors in one line; of many, of the first few."""
    lines = [f"{name} {_short(each)} {str(each.dtype).removeprefix('torch.')}" for name, each in tensors]
    return ", ".join([*lines[:_MOST], *(["…"] if len(lines) > _MOST else [])])


def tensors_of(value: TensorValue) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a value by their names, those of the values in it after the field that holds them."""
    for field in fields(cast("Any", value)):
        each = getattr(value, field.name)
        if isinstance(each, Tensor):
            yield field.name, each
        elif isinstance(each, TensorValue):
            yield from ((field.name, tensor) for _, tensor in tensors_of(each))


def _short(value: Any) -> str:
    """Write a value for a log: of a tensor its shape."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_short(each)}" for name, each in value.items()) + "}"
    return "x".join(map(str, value.shape)) if isinstance(value, Tensor) else repr(value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return bool(one == other)
