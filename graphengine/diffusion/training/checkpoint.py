"""Writing training state so that a crash at any moment leaves the old state or the new, never half of one."""

import os
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace the checkpoint at `path` atomically.

    The bytes reach the disk under another name first; the rename is the only step that readers can see.

    Args:
        path: where the checkpoint lives; its folder is made if missing.
        state: tensors, plain values and containers of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Return the state saved at `path`, on the CPU, or None if there is none.

    Only tensors and plain values are unpickled, so a foreign file cannot run code.
    """
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut (a no-op where folders cannot be opened)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
