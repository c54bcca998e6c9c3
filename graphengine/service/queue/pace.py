"""How fast the queue moves, to tell those who must wait for how long."""

import math
from collections import deque

from graphengine.service.clock import Clock

_LAST = 32
_UNKNOWN = 5
_MOST = 60


class Pace:
    """The times of the last claims."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=_LAST)

    def claimed(self) -> None:
        """Note that a job left the queue."""
        self._times.append(self._clock.monotonic())

    def seconds(self, jobs: int) -> int:
        """Return in how many seconds about ``jobs`` will have left the queue, from 1 to 60."""
        if len(self._times) < 2:
            return _UNKNOWN
        each = (self._clock.monotonic() - self._times[0]) / (len(self._times) - 1)
        return max(1, min(_MOST, math.ceil(each * jobs)))
