"""What fires a schedule, as data, and the next time at which it does, as a function.

Every trigger is a member of one closed union, told apart by its ``kind``. One that waits for something other
than time has no next time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal, assert_never
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import ConfigDict, Field, TypeAdapter

from graphengine.errors import Unacceptable
from graphengine.service.schedule.happening import Folder, Hook

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_SECONDS: Final = 366 * 86_400

_CLOSED: Final = ConfigDict(strict=True, extra="forbid")
_LONGEST = 200
_YEARS: Final = range(1970, 3_000)  # far from where a calendar ends: times are reckoned with
_SPAN: Final = "the years 1970 to 2999"


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields, read by the clock on the wall of a time zone.

    As in Debian: an expression with a fixed hour and minute runs once on a day on which that time comes twice, and
    right after the gap on one on which it does not come; one with ``*`` in either goes by the time that passes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    expression: str
    zone: str = "UTC"
    kind: Literal["cron"] = "cron"

    def __post_init__(self) -> None:
        if len(self.expression) > _LONGEST or len(self.expression.split()) != 5:
            raise Unacceptable("a cron expression has five fields: minute, hour, day of month, month, day of week")
        try:
            CronSim(self.expression, EPOCH)
        except CronSimError as error:
            raise Unacceptable(f"{self.expression!r} is not a cron expression: {error}") from None
        zone_of(self.zone)


@dataclass(frozen=True, slots=True)
class Every:
    """Each ``seconds`` from ``start`` on; by default at round times."""

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    seconds: int
    start: datetime = EPOCH
    kind: Literal["every"] = "every"

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= MOST_SECONDS:
            raise Unacceptable("an interval is from a second to a year")
        if self.start.tzinfo is None or self.start.microsecond or self.start.year not in _YEARS:
            raise Unacceptable(f"the start of an interval is a whole second, says its zone, and lies in {_SPAN}")


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a time by the clock on the wall of a time zone.

    A time that comes twice means the first; one that does not come is counted on from before the gap (RFC 5545, 3.3.5).
    """

    __pydantic_config__: ClassVar[ConfigDict] = _CLOSED

    local: datetime
    zone: str = "UTC"
    kind: Literal["at"] = "at"

    def __post_init__(self) -> None:
        if self.local.tzinfo is not None or self.local.microsecond or self.local.year not in _YEARS:
            raise Unacceptable(f"a local time is a whole second in {_SPAN}, and its zone stands beside it")
        zone_of(self.zone)

    @property
    def moment(self) -> datetime:
        """The time in UTC."""
        return self.local.replace(tzinfo=zone_of(self.zone), fold=0).astimezone(UTC)


Trigger = Annotated[Cron | Every | At | Folder | Hook, Field(discriminator="kind")]

TRIGGER: Final[TypeAdapter[Trigger]] = TypeAdapter(Trigger)
"""Reads and writes triggers as JSON, and knows their schema."""


def zone_of(name: str) -> ZoneInfo:
    """Return an IANA time zone.

    Raises:
        Unacceptable: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a name that is a folder, or leads elsewhere, is refused in many ways
        raise Unacceptable(
            f"there is no time zone {name[:_LONGEST]!r}; one is called for instance Europe/Berlin"
        ) from None


def next_after(trigger: Trigger, now: datetime) -> datetime | None:
    """Return when a trigger fires next, in UTC and later than ``now``; None if it never will."""
    match trigger:
        case Cron():
            return _next_cron(trigger, now)
        case Every(seconds, start):
            interval = timedelta(seconds=seconds)
            return (start + max(0, (now - start) // interval + 1) * interval).astimezone(UTC)
        case At():
            return trigger.moment if trigger.moment > now else None
        case Folder() | Hook():
            return None
        case _:
            assert_never(trigger)


def upcoming(trigger: Trigger, due: datetime | None, number: int) -> Sequence[datetime]:
    """Return the next times at which a trigger fires, where ``due`` is the first of them."""
    times: list[datetime] = []
    while due is not None and len(times) < number:
        times.append(due)
        due = next_after(trigger, due)
    return times


def _next_cron(trigger: Cron, now: datetime) -> datetime | None:
    for found in CronSim(trigger.expression, now.astimezone(zone_of(trigger.zone))):
        moment = found.astimezone(UTC)
        if moment > now:  # in an hour that comes twice, the time found may be that of the first
            return moment
    return None
