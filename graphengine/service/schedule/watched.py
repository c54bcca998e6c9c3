"""Which stretches of the wall clock somebody has watched, so that one set back is not asked for the same twice."""

from datetime import datetime, timedelta
from typing import Final

LEAP: Final = timedelta(minutes=2)
"""Two looks at the clock that are further apart than this have something between them that nobody watched."""

_MOST = 16


class Watched:
    """The stretches that were watched, the last few."""

    def __init__(self) -> None:
        self._spans: list[tuple[datetime, datetime]] = []

    def look(self, now: datetime) -> datetime:
        """Note a look at the clock, and return up to when, at most ``now``, all was watched before.

        After a clock that was an hour fast is set right, that is the moment before it went wrong; after one that was
        right is set back, it is now.
        """
        if any(start <= now <= end for start, end in self._spans):
            return now
        last = max((span for span in self._spans if span[1] <= now), key=lambda span: span[1], default=(now, now))
        if last in self._spans and now - last[1] <= LEAP:
            self._spans.remove(last)
            self._spans.append((last[0], now))
        else:
            self._spans = [*self._spans[1 - _MOST :], (now, now)]
        return last[1]
