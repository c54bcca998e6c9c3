"""How long the event loop is held up: while it is, nobody is answered."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

EVERY: Final = 0.02
"""The seconds between two looks."""

_STATISTICS: Final = Path("/proc/thread-self/schedstat")


async def watch(tell: Callable[[float], None]) -> None:
    """Measure for ever by how many seconds the loop comes late, and tell each.

    What the thread has waited for a processor, because others had them all, is not counted where the system (Linux)
    says how long that was: it is not the loop's doing.
    """
    clock = asyncio.get_running_loop().time
    while True:
        due, starved = clock() + EVERY, _starved()
        await asyncio.sleep(EVERY)
        tell(max(0.0, clock() - due - (_starved() - starved)))


def _starved() -> float:
    """Return the seconds that this thread has waited for a processor since it began."""
    with suppress(OSError, ValueError, IndexError):
        return int(_STATISTICS.read_text().split()[1]) / 1e9
    return 0.0
