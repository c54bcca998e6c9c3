"""One at a time: who fetches a model keeps others from fetching it under the same name."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphengine.errors import FileRefused


@contextmanager
def reserved(target: Path) -> Iterator[None]:
    """Hold the name of a model in its folder; the lock is of this process, and goes with it whatever becomes of it.

    Raises:
        FileRefused: another process holds it.
        OSError: the folder cannot be written.
    """
    path = target.with_name(f".{target.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(path)
    if descriptor is None:
        raise FileRefused(
            f"another process fetches {target.name} already", hint="Wait until it is done, or say --name."
        )
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int | None:
    """Return a file that nobody else has locked, open, or None; one that its holder has just removed is not it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(descriptor, path):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
