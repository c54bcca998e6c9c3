"""The one way to write a file that somebody may read: whole or absent."""

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".part"


@contextmanager
def atomic_writer(path: Path, *, overwrite: bool = True, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` that takes its place, synced to disk, when the block ends well.

    If the block raises, nothing appears under ``path`` and the temporary file is removed.

    Args:
        overwrite: whether an existing file is replaced.
        durable: whether the file is synced. Without that a loss of power may leave it damaged or absent: only
            for files that carry a checksum and can be made again.

    Raises:
        FileExistsError: ``overwrite`` is False and ``path`` exists when the block ends.
        OSError: the folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if durable:
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
    if durable:
        _sync_folder(path.parent)


def write_atomically(path: Path, content: bytes, *, overwrite: bool = True) -> None:
    """Write ``content`` to ``path``; see :func:`atomic_writer`."""
    with atomic_writer(path, overwrite=overwrite) as file:
        file.write(content)


def is_leftover(path: Path) -> bool:
    """Return whether a file is a temporary one of this module: being written, or left by a killed process."""
    return path.name.startswith(".") and path.name.endswith(SUFFIX)


def remove_leftovers(folder: Path, before: float = math.inf) -> None:
    """Remove what killed processes were writing in a folder and those below; what cannot be removed stays.

    Args:
        before: a time in seconds since 1970: files that were changed later may still be written.
    """
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if is_leftover(path):
                with suppress(OSError):
                    if path.stat().st_mtime < before:
                        path.unlink()


def _sync_folder(folder: Path) -> None:
    """Let a rename survive a power cut; where folders cannot be opened, the system sees to it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
