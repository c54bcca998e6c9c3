"""What the cache spends time with, told to whoever listens: nobody, except where a timeline is asked for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

Stage = Literal["lookup", "read", "decode", "encode", "write"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work for one result, between two readings of ``time.perf_counter``.

    A ``lookup`` is all that somebody waited for; one that is answered at once is not told. The other stages are
    the disk tier's: bytes from a file, values of bytes, bytes of values, bytes to a file.

    Attributes:
        nbytes: of the file, or about what the values take; 0 where a lookup missed.
    """

    stage: Stage
    fingerprint: str
    began: float
    ended: float
    nbytes: int


Listener = Callable[[Span], None]
"""Takes a span, from any thread."""


@dataclass(slots=True)
class Measured:
    """A piece of work that goes on; whoever does it says how many bytes it was about."""

    nbytes: int = 0


class Timings:
    """The place where the parts of the cache say how long things took."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    @contextmanager
    def told_to(self, listener: Listener) -> Iterator[None]:
        """Let a listener hear what ends within the block."""
        self._listeners = (*self._listeners, listener)
        try:
            yield
        finally:
            self._listeners = tuple(each for each in self._listeners if each != listener)

    def tell(self, stage: Stage, fingerprint: str, began: float, nbytes: int) -> None:
        """Say that something has just ended, which began then."""
        span = Span(stage, fingerprint, began, time.perf_counter(), nbytes)
        for listener in self._listeners:
            listener(span)

    @contextmanager
    def measured(self, stage: Stage, fingerprint: str) -> Iterator[Measured]:
        """Tell of the block, if it ends well."""
        measured = Measured()
        began = time.perf_counter()
        yield measured
        self.tell(stage, fingerprint, began, measured.nbytes)
