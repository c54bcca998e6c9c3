"""What a cache folder holds, remembered: a miss is answered without asking the disk."""

import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graphengine.run.cache.folder import CacheFolder

FRESH = 2.0  # seconds for which a listing is believed
_TICK = 1_000_000_000  # ns; a folder that changed this lately may change again without a new time


@dataclass(frozen=True, slots=True)
class _Shelf:
    changed: int | None  # the folder's modification time, where it is to be trusted
    names: set[str]


class Listing:
    """The names of the entries, as of at most :data:`FRESH` seconds ago.

    A run of ten thousand nodes that are not in the cache would else ask the disk ten thousand times. What
    another process stored within the last seconds may be missed, and is then computed once more.
    """

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder
        self._shelves: Mapping[str, _Shelf] = {}
        self._until = -1.0
        self._lock = threading.Lock()

    def lacks(self, fingerprint: str) -> bool:
        """Return whether an entry is known not to be there; at once, from any thread."""
        return time.monotonic() < self._until and not self.has(fingerprint)

    def has(self, fingerprint: str) -> bool:
        """Return whether an entry was there when last seen."""
        shelf = self._shelves.get(fingerprint[:2])
        return shelf is not None and fingerprint in shelf.names

    def refresh(self) -> None:
        """Look at the folder again, unless somebody just did; reads only the subfolders that changed."""
        with self._lock:
            if time.monotonic() < self._until:
                return
            known = self._shelves
            self._shelves = {path.name: _look(path, known.get(path.name)) for path in self._folder.shelves()}
            self._until = time.monotonic() + FRESH

    def add(self, fingerprint: str) -> None:
        """Note an entry that was just written."""
        with self._lock:
            shelf = self._shelves.get(fingerprint[:2])
            if shelf is None:
                self._shelves = {**self._shelves, fingerprint[:2]: _Shelf(None, {fingerprint})}
            else:
                shelf.names.add(fingerprint)

    def discard(self, fingerprint: str) -> None:
        """Note that an entry is gone."""
        with self._lock:
            shelf = self._shelves.get(fingerprint[:2])
            if shelf is not None:
                shelf.names.discard(fingerprint)


def _look(path: Path, known: _Shelf | None) -> _Shelf:
    names: set[str] = set()
    changed = None
    with suppress(OSError):
        status = path.stat()
        if known is not None and known.changed == status.st_mtime_ns:
            return known
        if time.time_ns() - status.st_mtime_ns > _TICK:
            changed = status.st_mtime_ns
        with os.scandir(path) as found:
            names.update(each.name for each in found)
    return _Shelf(changed, names)
