"""The way into an event loop from other threads."""

import asyncio
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

Act = Callable[[], None]

LINGER: Final = 200e-6
"""The seconds that the loop's thread waits for another act, where the last ones came as soon after each other."""

TURN: Final = 2e-3
"""The seconds after which everything else in the loop has its turn."""


class Inbox:
    """Makes acts happen in the thread of the event loop that runs now, in the order in which they came.

    However many come before the loop gets to them, they wake it up once: waking up costs more than most acts. Where
    one soon follows another, as with calls of small nodes, the loop does not even go to sleep.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._acts: SimpleQueue[Act] = SimpleQueue()
        self._awake = False
        self._left = 0.0  # when the loop last turned to other things

    def take(self, act: Act) -> None:
        """Act at once if this is the loop's thread, else soon; never again once the loop is closed."""
        if threading.get_ident() == self._thread:
            act()
            return
        self._acts.put(act)
        if not self._awake:
            self._awake = True
            self._wake()

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._empty)
        except RuntimeError:  # the loop is closed, and what ran in it is given up
            while self._next(0.0) is not None:
                pass

    def _empty(self) -> None:
        began = time.perf_counter()
        patience = LINGER if began - self._left < LINGER else 0.0
        try:
            while (act := self._next(patience)) is not None:
                act()
                if time.perf_counter() - began > TURN:
                    break
        finally:  # also if an act raised, which is its own affair
            self._left = time.perf_counter()
            self._awake = False  # first: what comes from now on wakes the loop up again
            if not self._acts.empty():
                self._awake = True
                self._wake()

    def _next(self, patience: float) -> Act | None:
        try:
            return self._acts.get(timeout=patience) if patience else self._acts.get_nowait()
        except Empty:
            return None
