"""Who may write: one engine per data folder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from graphengine.errors import StoreRefused

NAME = "service.lock"


class FolderLock:
    """A folder's lock, held until it is released or the process ends in whatever way.

    Raises:
        StoreRefused: another process holds it, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor = _open(folder / NAME)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(self._descriptor, 20).decode(errors="replace").strip()
            os.close(self._descriptor)
            by = f"process {owner}" if owner else "another process"
            raise StoreRefused(f"the data folder {folder} is in use by {by}", "data_folder_in_use") from None
        with suppress(OSError):  # the lock holds also where the disk is too full to say whose it is
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in. The file stays: a lock on a name that is removed protects nothing."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        reason = error.strerror or "it cannot be written"
        raise StoreRefused(f"the data folder {path.parent} cannot be used: {reason}", "database_unreadable") from None
