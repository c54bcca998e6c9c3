"""The one way to write a file that somebody may read: whole or absent."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_writer(path: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` that takes its place, synced to disk, when the block ends well.

    If the block raises, nothing appears under ``path`` and the temporary file is removed.

    Raises:
        FileExistsError: ``overwrite`` is False and ``path`` exists when the block ends.
        OSError: the folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        if overwrite:
            temporary.replace(path)
        else:
            os.link(temporary, path)  # fails if the name is taken, where a rename would overwrite
            temporary.unlink()
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_atomically(path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write ``content`` to ``path``; see :func:`atomic_writer`."""
    with atomic_writer(path, overwrite=overwrite) as file:
        file.write(content)


def _sync_folder(folder: Path) -> None:
    """Let a rename survive a power cut; where folders cannot be opened, the system sees to it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
