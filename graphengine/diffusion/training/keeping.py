"""Keeping the state of a training among the checkpoints of a call, so that a job that was cut off goes on."""

import logging
from collections.abc import Callable
from typing import Any

import torch

from graphengine.diffusion.resuming import Keeper as Checkpoints
from graphengine.diffusion.states import read_state, write_state
from graphengine.types.codec import Buffer, Encoded

_LOG = logging.getLogger(__name__)

_FORM = "training.1"


class CallKeeper:
    """Keeps the state of a training (see :class:`graphengine.diffusion.training.loop.Keeper`)."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints

    def load(self) -> dict[str, Any] | None:
        """Return the state that was kept, on the CPU; None if there is none, or none of use."""
        kept = self._checkpoints.load()
        if kept is None or kept.meta.get("form") != _FORM:
            return None
        try:
            state: dict[str, Any] = read_state(kept.meta["state"], kept.buffers, torch.device("cpu"))
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            _LOG.warning("a checkpoint of a training is of no use: %s", error)
            return None
        return state

    def offer(self, make: Callable[[], dict[str, Any]]) -> None:
        """Keep the state, if it is time."""

        def written() -> Encoded:
            buffers: list[Buffer] = []
            return Encoded({"form": _FORM, "state": write_state(make(), buffers)}, tuple(buffers))

        self._checkpoints.offer(written)

    def end(self, make: Callable[[], dict[str, Any]]) -> None:
        """Do nothing: the call returns its result."""
