"""Nested states with tensors as bytes, and back, to the bit: what checkpoints are made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphengine.types.codec import Buffer

_DTYPES = {
    str(dtype): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    )
}


class Unstorable(Exception):
    """A state holds what cannot be stored."""


def write_state(value: Any, buffers: list[Buffer]) -> Any:
    """Return plain JSON that stands for a value; tensors go into ``buffers``.

    Raises:
        Unstorable: there is no JSON for it.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return {"float": value.hex()}  # JSON has no infinity
        case Tensor():
            return _write_tensor(value, buffers)
        case np.ndarray() if not value.dtype.hasobject:
            return {"array": _write_tensor(torch.from_numpy(np.ascontiguousarray(value)), buffers)}
        case list():
            return [write_state(each, buffers) for each in value]
        case tuple():
            return {"tuple": [write_state(each, buffers) for each in value]}
        case dict() if all(isinstance(key, str) for key in value):
            return {"dict": {key: write_state(each, buffers) for key, each in value.items()}}
        case dict():
            return {"pairs": [[write_state(each, buffers) for each in pair] for pair in value.items()]}
        case _:
            raise Unstorable(f"{type(value).__name__} cannot be stored")


def _write_tensor(tensor: Tensor, buffers: list[Buffer]) -> Mapping[str, Any]:
    if str(tensor.dtype) not in _DTYPES:
        raise Unstorable(f"tensors of {tensor.dtype} cannot be stored")
    shape, away = list(tensor.shape), tensor.device.type != "cpu"
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    content: Any = (flat.view(torch.uint8) if flat.numel() else torch.empty(0, dtype=torch.uint8)).numpy()
    buffers.append(memoryview(content))
    return {"tensor": str(tensor.dtype), "shape": shape, "away": away, "buffer": len(buffers) - 1}


def read_state(written: Any, buffers: Sequence[Buffer], device: torch.device) -> Any:
    """Return the value that :func:`write_state` was given.

    Args:
        written: what it returned.
        buffers: what it added to its own.
        device: where what was on a device comes back.

    Raises:
        LookupError, TypeError, ValueError, RuntimeError: this is no state.
    """
    match written:
        case {"float": text}:
            return float.fromhex(text)
        case {"tensor": _}:
            return _read_tensor(written, buffers, device)
        case {"array": tensor}:
            return _read_tensor(tensor, buffers, device).numpy()
        case {"tuple": items}:
            return tuple(read_state(each, buffers, device) for each in items)
        case {"dict": entries}:
            return {key: read_state(each, buffers, device) for key, each in entries.items()}
        case {"pairs": pairs}:
            return {read_state(key, buffers, device): read_state(each, buffers, device) for key, each in pairs}
        case list():
            return [read_state(each, buffers, device) for each in written]
        case _:
            return written


def _read_tensor(written: Mapping[str, Any], buffers: Sequence[Buffer], device: torch.device) -> Tensor:
    content = bytearray(buffers[written["buffer"]])  # torch takes no empty buffer, and aliases the others
    flat = torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)
    tensor = flat.view(_DTYPES[written["tensor"]]).reshape(written["shape"])
    return tensor.to(device) if written["away"] else tensor
