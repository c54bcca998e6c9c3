"""What to do about times that have passed: decided from data and a clock's reading, without doing anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from pydantic import ConfigDict

from graphengine.errors import Unacceptable
from graphengine.service.schedule.trigger import Trigger, next_after

MOST: Final = 1_000

_SET_BACK = timedelta(seconds=5)
"""A clock that is this much earlier than it was has been set back; less is a clock being adjusted."""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Misfire:
    """What becomes of the times at which the engine was not there, or the queue was full.

    Attributes:
        policy: ``skip`` forgets them, ``once`` makes up for all of them with the last one (unless there is one on
            time now anyway), ``all`` makes up for each.
        grace_seconds: what is late by no more than this is not missed.
        most: how many ``all`` makes at a time, the newest.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")

    policy: Literal["skip", "once", "all"] = "once"
    grace_seconds: int = 60
    most: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.grace_seconds <= 86_400 or not 1 <= self.most <= MOST:
            raise Unacceptable(f"the grace is from a second to a day, and at most {MOST:,} jobs are made up for")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to happen now: a job for each of ``fire``; up to ``decided`` nothing is open; ``due`` is next."""

    fire: Sequence[datetime]
    decided: datetime
    due: datetime | None


def decide(trigger: Trigger, misfire: Misfire, decided: datetime, now: datetime, watched: datetime) -> Decision:
    """Return what is to happen at ``now`` where everything up to ``decided`` is settled.

    A clock that was set back is believed: what it went through before it was set is open again, and whoever acts on
    the decision recognises times that have come before. (A clock that was wrong by a year must not silence a
    schedule for a year.)

    Args:
        watched: from when on it is open, if the clock was set back; at most ``now``.
    """
    if now < decided <= now + _SET_BACK:
        return Decision((), decided, next_after(trigger, decided))
    if now < decided:
        decided = watched
    late = max(decided, now - timedelta(seconds=misfire.grace_seconds))
    fire = _newest(trigger, late, now, MOST)
    if misfire.policy == "all":
        fire = [*_newest(trigger, decided, late, misfire.most), *fire]
    elif misfire.policy == "once" and not fire:
        fire = _newest(trigger, decided, late, 1)
    return Decision(fire, now, next_after(trigger, now))


def _between(trigger: Trigger, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the times later than ``after``, up to ``until``."""
    moment = next_after(trigger, after)
    while moment is not None and moment <= until:
        yield moment
        moment = next_after(trigger, moment)


def _newest(trigger: Trigger, after: datetime, until: datetime, most: int) -> Sequence[datetime]:
    """Return the last times of a span, without walking through a year of minutes: look back twice as far each time."""
    span = most * _MINUTE
    while True:
        start = max(after, until - span)
        found = list(_between(trigger, start, until))[-most:]
        if len(found) == most or start == after:
            return found
        span *= 2
