"""The way into an event loop from other threads."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable

Act = Callable[[], None]


class Inbox:
    """Makes acts happen in the thread of the event loop that runs now, in the order in which they came.

    However many come before the loop gets to them, they wake it up once: waking up costs more than most acts.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._acts: deque[Act] = deque()
        self._woken = False

    def take(self, act: Act) -> None:
        """Act at once if this is the loop's thread, else soon; never again once the loop is closed."""
        if threading.get_ident() == self._thread:
            act()
            return
        self._acts.append(act)
        if not self._woken:
            self._woken = True
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._empty)
        except RuntimeError:  # the loop is closed, and what ran in it is given up
            self._acts.clear()

    def _empty(self) -> None:
        self._woken = False  # first: what comes from now on may wake the loop up again
        try:
            while self._acts:
                self._acts.popleft()()
        finally:
            if self._acts:  # an act raised, which is its own affair
                self._wake()
