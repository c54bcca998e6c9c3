"""Writing training state so that a crash at any moment leaves the old state or the new, never half of one."""

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
