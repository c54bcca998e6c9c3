"""How long the event loop is held up: while it is, nobody is answered."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

EVERY: Final = 0.02
"""The seconds between two looks."""

_STATISTICS: Final = "/proc/thread-self/schedstat"


async def watch(tell: Callable[[float], None]) -> None:
    """Measure for ever by how many seconds the loop comes late, and tell each.

    What the thread has waited for a processor, because others had them all, is not counted where the system (Linux)
    says how long that was: it is not the loop's doing.
    """
    clock = asyncio.get_running_loop().time
    with _statistics() as starved:
        while True:
            due, before = clock() + EVERY, starved()
            await asyncio.sleep(EVERY)
            tell(max(0.0, clock() - due - (starved() - before)))


@contextmanager
def _statistics() -> Iterator[Callable[[], float]]:
    """Return what tells for how many seconds this thread has waited for a processor since it began.

    The file stays open: each call to the system lets other threads go first.
    """
    try:
        file = os.open(_STATISTICS, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield lambda: 0.0
        return
    try:
        yield lambda: int(os.pread(file, 200, 0).split()[1]) / 1e9
    finally:
        os.close(file)
