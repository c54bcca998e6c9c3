"""Content hashes of files and folders, remembered while size and time stay the same."""

import hashlib
import os
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from graphengine.errors import FileRefused
from graphengine.files.ledger import DigestLedger, Stamp

MAX_ENTRIES = 200_000
"""How many files and folders a folder may hold that is named as one thing: 100,000 pictures with their captions."""

LARGE: Final = 2**20
"""The bytes from which on a hash outlives the process: smaller files are read again as quickly."""

STILL_NS: Final = 2 * 10**9
"""How long, in ns, a file must have been as it is for that: times of files may be as coarse as this."""


class Content(NamedTuple):
    """What a file or folder holds: its hash in hex, and how many bytes."""

    digest: str
    nbytes: int


def sha256(content: bytes) -> str:
    """Return the hex digest of bytes, as :class:`Digests` gives it for a file that holds them."""
    return hashlib.sha256(content).hexdigest()


class Digests:
    """SHA-256 of files and folders; a file is read again only when its size or modification time changed.

    Args:
        ledger: where hashes of large files outlive the process, if they do.
    """

    def __init__(self, ledger: DigestLedger | None = None) -> None:
        self._known: dict[Stamp, str] = {}
        self._ledger = ledger
        self._lock = threading.Lock()

    def of(self, path: Path) -> str:
        """Return the hex digest of a file, or of a folder as the hash of its files' names and digests.

        Raises:
            FileRefused: the folder holds too much to be a model; nothing has been read.
            OSError: a file cannot be read.
        """
        return self.content(path).digest

    def content(self, path: Path) -> Content:
        """Return the digest of a file or folder, and its size; see :meth:`of`."""
        return self._of_files(_files(path)) if path.is_dir() else self._of_file(_stamp(path))

    def known(self, path: Path) -> str | None:
        """Return the digest of a file or folder if nothing has to be read for it.

        Raises:
            FileRefused: as :meth:`of`.
            OSError: it cannot be looked at.
        """
        if not path.is_dir():
            return self._find(_stamp(path))
        files = _files(path)
        found = all(self._find(stamp) is not None for _, stamp in files)
        return self._of_files(files).digest if found else None

    def note(self, path: Path, digest: str) -> None:
        """Remember the digest of a file that was computed while it was written.

        Raises:
            OSError: it cannot be looked at.
        """
        self._remember(_stamp(path), digest)

    def _find(self, stamp: Stamp) -> str | None:
        with self._lock:
            found = self._known.get(stamp)
            if found is None and self._ledger is not None and stamp[1] >= LARGE:
                found = self._ledger.find(stamp)
            return found

    def _remember(self, stamp: Stamp, digest: str) -> None:
        with self._lock:
            self._known[stamp] = digest
            if self._ledger is not None and stamp[1] >= LARGE and stamp[2] < time.time_ns() - STILL_NS:
                self._ledger.add(stamp, digest)

    def _of_file(self, stamp: Stamp) -> Content:
        known = self._find(stamp)
        if known is None:
            with Path(stamp[0]).open("rb") as file:
                known = hashlib.file_digest(file, "sha256").hexdigest()
            self._remember(stamp, known)
        return Content(known, stamp[1])

    def _of_files(self, files: Iterable[tuple[str, Stamp]]) -> Content:
        content, nbytes = hashlib.sha256(), 0
        for name, stamp in files:
            file = self._of_file(stamp)
            content.update(f"{name}\0{file.digest}\n".encode())
            nbytes += file.nbytes
        return Content(content.hexdigest(), nbytes)


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _files(folder: Path) -> Sequence[tuple[str, Stamp]]:
    """Return the names of all files within a folder, as seen from it, with their stamps; sorted part by part.

    Links to folders are not followed, and folders that may not be entered are left out.
    """
    found: list[tuple[str, Stamp]] = []
    waiting, entries = [(folder.resolve(), "")], 0
    while waiting:
        inner, start = waiting.pop()
        with suppress(PermissionError), os.scandir(inner) as listed:
            for entry in listed:
                entries += 1
                if entries > MAX_ENTRIES:
                    hint = "Name the folder of one model or dataset, or a single file."
                    raise FileRefused(f"the folder {folder} holds more than {MAX_ENTRIES:,} files", hint=hint)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((inner / entry.name, f"{start}{entry.name}/"))
                elif entry.is_file():
                    found.append((start + entry.name, _stamp_of(entry)))
    return sorted(found, key=lambda each: each[0].replace("/", "\0"))


def _stamp_of(entry: os.DirEntry[str]) -> Stamp:
    """Return what :func:`_stamp` does; to look where a name leads takes long, and only links lead elsewhere."""
    status = entry.stat()
    return str(Path(entry.path).resolve()) if entry.is_symlink() else entry.path, status.st_size, status.st_mtime_ns
