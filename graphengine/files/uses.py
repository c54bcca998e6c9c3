"""Which files were used lately: so that nobody removes what somebody is about to name."""

import threading
import time
from collections.abc import Callable
from typing import Final

LATELY: Final = 3_600.0
"""The seconds for which a use counts: far more than it takes from looking for a file to writing down who needs it."""

_MOST = 10_000  # uses that are noted before those that do not count any more are dropped


class Uses:
    """Notes uses of files by their names; from any thread.

    A note is made before anybody looks whether the file is there. So a file that somebody found stays, and one that is
    removed was not found.

    Args:
        lately: the seconds for which a use counts.
    """

    def __init__(self, lately: float = LATELY) -> None:
        self._lately = lately
        self._lock = threading.Lock()
        self._uses: dict[str, float] = {}

    def note(self, name: str) -> None:
        """Note that a file is used, or will be at once."""
        now = time.monotonic()
        with self._lock:
            if len(self._uses) >= _MOST and name not in self._uses:
                self._uses = {each: when for each, when in self._uses.items() if now - when < self._lately}
            self._uses[name] = now

    def unless_used(self, name: str, act: Callable[[], None]) -> bool:
        """Act unless a file was used lately; nobody uses it meanwhile. Return whether that was done."""
        with self._lock:
            used = self._uses.get(name)
            if used is not None and time.monotonic() - used < self._lately:
                return False
            act()
            return True
