"""The cache tier in memory: within a byte budget, it keeps what saves most seconds per byte."""

import heapq
from dataclasses import dataclass

from graphengine.run.handle import Handles

_ENTRY_BYTES = 512  # what an entry itself takes of the interpreter's memory


@dataclass(slots=True)
class _Entry:
    handles: Handles
    nbytes: int
    seconds: float
    worth: float


class MemoryTier:
    """Results in memory, evicted by GreedyDual-Size (Cao & Irani, 1997).

    The worth of an entry is the seconds it saves per byte, plus an age that grows with every eviction; so an
    entry that is cheap to make again, large, or long unused goes first.

    Args:
        budget: bytes that the entries may take together; with 0 nothing is kept.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.nbytes = 0
        self._entries: dict[str, _Entry] = {}
        self._queue: list[tuple[float, str]] = []  # may hold stale worths; the entry's own is the truth
        self._age = 0.0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, fingerprint: str) -> Handles | None:
        """Return a stored result or None."""
        entry = self._entries.get(fingerprint)
        if entry is None:
            return None
        entry.worth = self._worth(entry.nbytes, entry.seconds)
        return entry.handles

    def has(self, fingerprint: str) -> bool:
        """Return whether a result is kept."""
        return fingerprint in self._entries

    def put(self, fingerprint: str, handles: Handles, seconds: float) -> None:
        """Keep a result, and evict what is worth less until the budget holds."""
        nbytes = _ENTRY_BYTES + sum([handle.nbytes for handle in handles.values()])
        if nbytes > self.budget or fingerprint in self._entries:
            return
        entry = _Entry(handles, nbytes, seconds, self._worth(nbytes, seconds))
        self._entries[fingerprint] = entry
        self.nbytes += nbytes
        heapq.heappush(self._queue, (entry.worth, fingerprint))
        while self.nbytes > self.budget:
            self._evict()

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._queue.clear()
        self.nbytes = 0

    def _worth(self, nbytes: int, seconds: float) -> float:
        return self._age + seconds / nbytes

    def _evict(self) -> None:
        worth, fingerprint = heapq.heappop(self._queue)
        entry = self._entries[fingerprint]
        if entry.worth > worth:  # used since it was queued
            heapq.heappush(self._queue, (entry.worth, fingerprint))
            return
        self._age = worth
        self.nbytes -= entry.nbytes
        del self._entries[fingerprint]
