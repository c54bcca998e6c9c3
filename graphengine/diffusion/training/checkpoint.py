"""Writing training state so that a crash at any moment leaves the old state or the new, never half of one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from graphengine.files.atomic import atomic_writer


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint at `path` atomically.

    Args:
        path: where the checkpoint lives; its folder is made if missing.
        state: tensors, plain values and containers of them.
    """
    with atomic_writer(path) as file:
        torch.save(state, file)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return the state saved at `path`, on the CPU, or None if there is none.

    Only tensors and plain values are unpickled, so a foreign file cannot run code.
    """
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


class FileKeeper:
    """Keeps the state of a training in one file (see :class:`graphengine.diffusion.training.loop.Keeper`).

    Args:
        path: of the file.
        every: how many steps lie between two states that are kept.
    """

    def __init__(self, path: Path, every: int = 500) -> None:
        self._path, self._every, self._offers = path, every, 0

    def load(self) -> dict[str, Any] | None:
        """Return the state in the file."""
        return load_checkpoint(self._path)

    def offer(self, make: Callable[[], dict[str, Any]]) -> None:
        """Write the state, every so many steps."""
        self._offers += 1
        if self._offers % self._every == 0:
            self.end(make)

    def end(self, make: Callable[[], dict[str, Any]]) -> None:
        """Write the state."""
        save_checkpoint(self._path, make())
