"""The folder of the disk tier: where each entry lies, what all take together, and which goes first.

Several processes share the folder without a lock. Files appear whole and are never changed, so the worst that
can happen to one process is that a file it knew is gone. What is found unreadable or gone is passed over.
"""

import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graphengine.files.atomic import is_leftover
from graphengine.run.cache.entry import BadEntry, read_seconds

HALF_LIFE = 7 * 86_400.0  # seconds without use after which an entry is worth half
_LEFTOVER_AGE = 3_600.0  # a temporary file older than this has no writer any more


@dataclass(frozen=True, slots=True)
class Usage:
    """How many entries a folder holds, and the bytes they take."""

    entries: int
    nbytes: int


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    nbytes: int
    used: float  # when; a hit touches the file


class CacheFolder:
    """The files of a disk tier, in 256 subfolders by the first two digits of their fingerprints."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def file(self, fingerprint: str) -> Path:
        """Return where an entry lies, if it is there."""
        return self.path / fingerprint[:2] / fingerprint

    def shelves(self) -> Iterator[Path]:
        """Yield the subfolders that there are."""
        with suppress(OSError), os.scandir(self.path) as found:
            yield from (Path(each.path) for each in found if each.is_dir())

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there and can be removed."""
        with suppress(OSError):
            path.unlink()

    def usage(self) -> Usage:
        """Count the entries, and remove what killed writers left."""
        files = list(self._files())
        return Usage(len(files), sum(file.nbytes for file in files))

    def shrink(self, most_bytes: int) -> None:
        """Remove the entries worth least until the rest takes at most ``most_bytes``.

        The worth of an entry is the seconds it saves per byte, halved for every week without use: like the
        memory tier's, but with a clock instead of an age, which processes could not share.
        """
        files = list(self._files())
        nbytes = sum(file.nbytes for file in files)
        if nbytes > most_bytes:
            now = time.time()
            files.sort(key=lambda file: _worth(file, now), reverse=True)
        while files and nbytes > most_bytes:
            least = files.pop()
            self.remove(least.path)
            nbytes -= least.nbytes

    def expire(self, age: float) -> None:
        """Remove the entries that nobody used for ``age`` seconds."""
        oldest = time.time() - age
        for file in list(self._files()):
            if file.used < oldest:
                self.remove(file.path)

    def _files(self) -> Iterator[_File]:
        now = time.time()
        for shelf in self.shelves():
            with suppress(OSError), os.scandir(shelf) as found:
                for each in found:
                    with suppress(OSError):
                        status = each.stat(follow_symlinks=False)
                        file = _File(Path(each.path), status.st_size, status.st_mtime)
                        if not is_leftover(file.path):
                            yield file
                        elif now - file.used > _LEFTOVER_AGE:
                            self.remove(file.path)


def _worth(file: _File, now: float) -> float:
    try:
        with file.path.open("rb") as content:
            seconds = read_seconds(content)
    except (OSError, BadEntry):
        return 0.0
    return seconds / max(1, file.nbytes) * math.exp2(-max(0.0, now - file.used) / HALF_LIFE)
