"""How the benches measure."""

import statistics
import time
from collections.abc import Callable

ROUNDS = 7


def in_turn(*acts: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median seconds of each act, all of them in turn round by round: what slows the machine slows every one."""
    seconds: list[list[float]] = [[] for _ in acts]
    for count in range(rounds + 1):
        for act, column in zip(acts, seconds, strict=True):
            started = time.perf_counter()
            act()
            if count:  # the first round is not counted
                column.append(time.perf_counter() - started)
    return [statistics.median(column) for column in seconds]


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
