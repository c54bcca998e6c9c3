"""Going on with a sampling that was cut off: its state as bytes, and back, to the bit."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from graphengine.diffusion.states import Unstorable, read_state, write_state
from graphengine.types.codec import Buffer, Encoded

_LOG = logging.getLogger(__name__)

_FORM = "sampling.1"

_CONSTANT = "_internal_dict"  # the configuration of a scheduler, which its class makes and nothing changes


class Keeper(Protocol):
    """Keeps one state, see :class:`graphengine.node.checkpoints.Checkpoints`."""

    def load(self) -> Encoded | None:
        """Return the state that was kept, or None."""
        ...

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        """Keep what ``make`` returns, if it is time."""
        ...


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
        return Encoded({"form": _FORM, "position": write_state(parts, buffers)}, tuple(buffers))
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
        size, done, walk = read_state(encoded.meta["position"], encoded.buffers, device)
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
