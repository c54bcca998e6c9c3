"""Content hashes of files and folders, remembered while size and time stay the same."""

import hashlib
import threading
from itertools import islice
from pathlib import Path

from graphengine.errors import FileRefused

MAX_ENTRIES = 10_000
"""How many files and folders a folder may hold that is named as one thing."""

Stamp = tuple[str, int, int]


def sha256(content: bytes) -> str:
    """Return the hex digest of bytes, as :class:`Digests` gives it for a file that holds them."""
    return hashlib.sha256(content).hexdigest()


class Digests:
    """SHA-256 of files and folders; a file is read again only when its size or modification time changed."""

    def __init__(self) -> None:
        self._known: dict[Stamp, str] = {}
        self._lock = threading.Lock()

    def of(self, path: Path) -> str:
        """Return the hex digest of a file, or of a folder as the hash of its files' names and digests.

        Raises:
            FileRefused: the folder holds too much to be a model; nothing has been read.
            OSError: a file cannot be read.
        """
        return self._of_folder(path) if path.is_dir() else self._of_file(path)

    def known(self, path: Path) -> str | None:
        """Return the digest of a file or folder if nothing has to be read for it.

        Raises:
            FileRefused: as :meth:`of`.
            OSError: it cannot be looked at.
        """
        if not path.is_dir():
            return self._known.get(_stamp(path))
        return self._of_folder(path) if all(_stamp(each) in self._known for each in _files(path)) else None

    def _of_file(self, path: Path) -> str:
        stamp = _stamp(path)
        with self._lock:
            known = self._known.get(stamp)
        if known is not None:
            return known
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with self._lock:
            self._known[stamp] = digest
        return digest

    def _of_folder(self, folder: Path) -> str:
        content = hashlib.sha256()
        for path in _files(folder):
            content.update(f"{path.relative_to(folder).as_posix()}\0{self._of_file(path)}\n".encode())
        return content.hexdigest()


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _files(folder: Path) -> list[Path]:
    entries = list(islice(folder.rglob("*"), MAX_ENTRIES + 1))
    if len(entries) > MAX_ENTRIES:
        hint = "Name the folder of one model, or a single file."
        raise FileRefused(f"the folder {folder} holds more than {MAX_ENTRIES:,} files", hint=hint)
    return sorted(path for path in entries if path.is_file())
