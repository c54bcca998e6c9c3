"""How the benches measure."""

import statistics
import time
from collections.abc import Callable

ROUNDS = 7


def median(act: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Median seconds of some rounds, after one that is not counted; ``before`` each, without being counted."""
    act()
    seconds = []
    for _ in range(ROUNDS):
        before()
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
