"""The two clocks of the service: one to show, one to count with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where times come from.

    ``wall`` (seconds since 1970) is shown to people and decides when a schedule fires; somebody may set it
    at any moment, so no order and no lease depends on it. ``monotonic`` counts seconds and never jumps, and
    means nothing after a restart, so it is not stored.
    """

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> datetime:
        """Return the time of the wall clock, in UTC."""
        return _EPOCH + timedelta(seconds=self.wall())


def stamp(moment: datetime) -> int:
    """Return a time with a zone as the database keeps it: microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stamp: int) -> datetime:
    """Return the time, in UTC, that the database keeps as microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=stamp)
