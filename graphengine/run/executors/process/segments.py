"""Values that several processes read: files in memory, each written once and mapped by whoever needs it.

A segment is a file in a folder of ``/dev/shm`` (where there is none, of the temporary folder). It is written
with ordinary writes, so that full memory is an error and not a SIGBUS, and mapped copy-on-write: reading
costs no copy, torch gets the writable memory it wants, and a node that wrongly changes an input changes
pages of its own.
"""

import errno
import fcntl
import mmap
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from graphengine.errors import OutOfMemory
from graphengine.types.codec import Encoded, JsonObject

INLINE_BYTES = 64 * 1024
"""What is smaller travels inside a message: a segment costs more than the copy it saves."""

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux has it, and the folder made in it is private
_PREFIX = "graphengine-"
_ALIGNMENT = 64  # of each buffer in a segment: what vector instructions like


class Parcel(NamedTuple):
    """An encoded value that can travel: its buffers are inside, or are ``spans`` of a segment."""

    meta: JsonObject
    buffers: tuple[bytes, ...] = ()
    segment: str = ""
    spans: tuple[tuple[int, int], ...] = ()


class Segments:
    """Writes and maps segments of one folder.

    Args:
        prefix: begins the names of what is written here; no other process uses it.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder = folder
        self._prefix = prefix
        self._numbers = count()

    def pack(self, encoded: Encoded) -> Parcel:
        """Copy an encoded value once, into a parcel or, if it is large, into a segment.

        Raises:
            OutOfMemory: there is no room.
        """
        views = [memoryview(buffer).cast("B") for buffer in encoded.buffers]
        if sum(view.nbytes for view in views) < INLINE_BYTES:
            return Parcel(encoded.meta, tuple(bytes(view) for view in views))
        spans = tuple(_spans(views))
        return Parcel(encoded.meta, (), self._write(views, spans), spans)

    def unpack(self, parcel: Parcel) -> Encoded:
        """Return the value of a parcel, without a copy. The buffers outlive the segment's name.

        Raises:
            OSError: the segment is gone.
        """
        if not parcel.segment:
            return Encoded(parcel.meta, parcel.buffers)
        with (self.folder / parcel.segment).open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        view = memoryview(mapped)
        return Encoded(parcel.meta, tuple(view[start:end] for start, end in parcel.spans))

    def _write(self, views: list[memoryview], spans: tuple[tuple[int, int], ...]) -> str:
        name = f"{self._prefix}{next(self._numbers)}"
        path = self.folder / name
        try:
            with path.open("xb") as file:
                for view, (start, _) in zip(views, spans, strict=True):
                    file.seek(start)
                    file.write(view)
        except OSError as error:
            path.unlink(missing_ok=True)
            if error.errno not in (errno.ENOSPC, errno.ENOMEM):
                raise
            raise OutOfMemory(
                "there is no room in shared memory for a result",
                hint="Give shared memory more room, or the cache less.",
            ) from None
        return name


def _spans(views: list[memoryview]) -> Iterator[tuple[int, int]]:
    start = 0
    for view in views:
        yield start, start + view.nbytes
        start += -(-view.nbytes // _ALIGNMENT) * _ALIGNMENT


class Segment:
    """The life of a segment: while this object lives, the segment has its name."""

    __slots__ = ("__weakref__", "name")

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, slots=True)
class Stored:
    """A value that the engine's process owns: what a handle of the process executor refers to."""

    parcel: Parcel
    segment: Segment | None


class Vault:
    """The folder of the segments, and who owns which: only the engine's process has one.

    A folder that a killed process left behind is found by its free lock, and removed by the next vault.
    """

    def __init__(self) -> None:
        base = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
        _sweep(base)
        self.folder, lock = _make_folder(base)
        self._clear = weakref.finalize(self, _clear, self.folder, lock)
        self.segments = Segments(self.folder, "engine-")
        self._names: set[str] = set()

    def own(self, parcel: Parcel) -> Stored:
        """Take a parcel over: its segment goes when the returned object goes."""
        if not parcel.segment:
            return Stored(parcel, None)
        segment = Segment(parcel.segment)
        self._names.add(segment.name)
        weakref.finalize(segment, _drop, self.folder / segment.name, self._names)
        return Stored(parcel, segment)

    def sweep(self, prefix: str) -> None:
        """Remove the segments that a dead worker wrote and nobody took over."""
        for path in self.folder.glob(f"{prefix}*"):
            if path.name not in self._names:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything; values that are mapped stay readable."""
        self._clear()


def _clear(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _drop(path: Path, names: set[str]) -> None:
    names.discard(path.name)
    with suppress(OSError):  # the vault may have been closed before
        path.unlink()


def _make_folder(base: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)  # swept away by another process before it was locked


def _sweep(base: Path) -> None:
    for folder in base.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or gone by now
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
