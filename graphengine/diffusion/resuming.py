"""Going on with a sampling that was cut off: its state as bytes, and back, to the bit."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from graphengine.types.codec import Buffer, Encoded

_LOG = logging.getLogger(__name__)

_FORM = "sampling.1"

_DTYPES = {
    str(dtype): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    )
}

_CONSTANT = "_internal_dict"  # the configuration of a scheduler, which its class makes and nothing changes


class Keeper(Protocol):
    """Keeps one state, see :class:`graphengine.node.checkpoints.Checkpoints`."""

    def load(self) -> Encoded | None:
        """Return the state that was kept, or None."""
        ...

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        """Keep what ``make`` returns, if it is time."""
        ...


class Unstorable(Exception):
    """A state holds what cannot be stored."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a sampling is.

    Attributes:
        chunk: how many pictures are sampled at once.
        done: the latents of the groups that are finished.
        walk: the state of the group that is not.
    """

    chunk: int
    done: Sequence[Tensor] = ()
    walk: Mapping[str, Any] = field(default_factory=dict)


def freeze(position: Position) -> Encoded | None:
    """Return a position as bytes, or None if a scheduler holds what cannot be stored."""
    buffers: list[Buffer] = []
    try:
        parts = [position.chunk, list(position.done), dict(position.walk)]
        return Encoded({"form": _FORM, "position": _write(parts, buffers)}, tuple(buffers))
    except Unstorable as error:
        _LOG.info("a sampling keeps no checkpoints: %s", error)
        return None


def thaw(encoded: Encoded | None, chunk: int, device: torch.device) -> Position:
    """Return the position that some bytes hold, or the start.

    Args:
        chunk: how many pictures are sampled at once; a position of another division is of no use.
        device: where what was on a device comes back.
    """
    start = Position(chunk)
    if encoded is None or encoded.meta.get("form") != _FORM:
        return start
    try:
        size, done, walk = _read(encoded.meta["position"], encoded.buffers, device)
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        _LOG.warning("a checkpoint of a sampling is of no use: %s", error)
        return start
    return Position(chunk, done, walk) if size == chunk else start


def state_of(scheduler: Any) -> Mapping[str, Any]:
    """Return all that a scheduler knows beside its configuration."""
    return {name: value for name, value in vars(scheduler).items() if name != _CONSTANT}


def restore(scheduler: Any, state: Mapping[str, Any]) -> None:
    """Let a scheduler, made and set as that one was, know what :func:`state_of` returned."""
    vars(scheduler).update(state)


def _write(value: Any, buffers: list[Buffer]) -> Any:
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
            return [_write(each, buffers) for each in value]
        case tuple():
            return {"tuple": [_write(each, buffers) for each in value]}
        case dict() if all(isinstance(key, str) for key in value):
            return {"dict": {key: _write(each, buffers) for key, each in value.items()}}
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


def _read(written: Any, buffers: Sequence[Buffer], device: torch.device) -> Any:
    match written:
        case {"float": text}:
            return float.fromhex(text)
        case {"tensor": _}:
            return _read_tensor(written, buffers, device)
        case {"array": tensor}:
            return _read_tensor(tensor, buffers, device).numpy()
        case {"tuple": items}:
            return tuple(_read(each, buffers, device) for each in items)
        case {"dict": entries}:
            return {key: _read(each, buffers, device) for key, each in entries.items()}
        case list():
            return [_read(each, buffers, device) for each in written]
        case _:
            return written


def _read_tensor(written: Mapping[str, Any], buffers: Sequence[Buffer], device: torch.device) -> Tensor:
    content = bytearray(buffers[written["buffer"]])  # torch takes no empty buffer, and aliases the others
    flat = torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)
    tensor = flat.view(_DTYPES[written["tensor"]]).reshape(written["shape"])
    return tensor.to(device) if written["away"] else tensor
