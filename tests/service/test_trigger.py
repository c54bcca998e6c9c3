"""When things fire: pure functions of a trigger and a time, through every trap of the calendar."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from graphengine.errors import Unacceptable
from graphengine.service.schedule.misfire import Decision, Misfire, decide
from graphengine.service.schedule.trigger import TRIGGER, At, Cron, Every, Trigger, next_after, zone_of
from graphengine.service.schedule.watched import Watched


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def following(trigger: Trigger, start: str, number: int) -> Sequence[datetime]:
    moment: datetime | None = at(start)
    found = []
    for _ in range(number):
        assert moment is not None
        moment = next_after(trigger, moment)
        assert moment is not None
        found.append(moment)
    return found


def local(moments: Sequence[datetime], zone: str) -> list[str]:
    return [f"{each.astimezone(zone_of(zone)):%m-%d %H:%M%z}" for each in moments]


# ------------------------------------------------------------------ cron


def test_a_cron_expression_goes_by_the_clock_on_the_wall() -> None:
    nightly = Cron("0 3 * * *", "Europe/Berlin")
    assert following(nightly, "2027-01-15T00:00Z", 2) == [at("2027-01-15T02:00Z"), at("2027-01-16T02:00Z")]
    assert following(nightly, "2027-07-15T00:00Z", 1) == [at("2027-07-15T01:00Z")]
    assert following(Cron("30 8 * * MON-FRI"), "2027-01-15T09:00Z", 2) == [
        at("2027-01-18T08:30Z"),
        at("2027-01-19T08:30Z"),
    ]
    assert following(Cron("0 0 29 2 *"), "2027-01-01T00:00Z", 2) == [at("2028-02-29T00:00Z"), at("2032-02-29T00:00Z")]


def test_the_next_time_is_later_than_now() -> None:
    assert next_after(Cron("0 3 * * *"), at("2027-01-15T03:00Z")) == at("2027-01-16T03:00Z")
    assert next_after(Cron("0 3 * * *"), at("2027-01-15T02:59:59.999999Z")) == at("2027-01-15T03:00Z")


BERLIN = "Europe/Berlin"  # 2027: forward on 28 March at 02:00, back on 31 October at 03:00


def test_a_fixed_time_that_does_not_come_is_made_up_for_after_the_gap() -> None:
    found = following(Cron("30 2 * * *", BERLIN), "2027-03-26T12:00Z", 3)
    assert local(found, BERLIN) == ["03-27 02:30+0100", "03-28 03:00+0200", "03-29 02:30+0200"]


def test_a_fixed_time_that_comes_twice_fires_once() -> None:
    found = following(Cron("30 2 * * *", BERLIN), "2027-10-29T12:00Z", 3)
    assert local(found, BERLIN) == ["10-30 02:30+0200", "10-31 02:30+0200", "11-01 02:30+0100"]


def test_in_the_second_of_two_like_hours_a_fixed_time_is_over() -> None:
    now = at("2027-10-31T02:10+01:00")
    assert local([next_after(Cron("30 2 * * *", BERLIN), now) or now], BERLIN) == ["11-01 02:30+0100"]


def test_every_so_many_minutes_goes_by_the_time_that_passes() -> None:
    forward = following(Cron("*/30 * * * *", BERLIN), "2027-03-28T00:15Z", 4)
    assert local(forward, BERLIN) == ["03-28 01:30+0100", "03-28 03:00+0200", "03-28 03:30+0200", "03-28 04:00+0200"]
    back = following(Cron("0 * * * *", BERLIN), "2027-10-30T23:30Z", 4)
    assert local(back, BERLIN) == ["10-31 02:00+0200", "10-31 02:00+0100", "10-31 03:00+0100", "10-31 04:00+0100"]


def test_zones_with_odd_changes() -> None:
    half = following(Cron("15 2 * * *", "Australia/Lord_Howe"), "2027-10-02T12:00Z", 2)  # half an hour forward
    assert local(half, "Australia/Lord_Howe") == ["10-03 02:30+1100", "10-04 02:15+1100"]
    midnight = following(Cron("0 0 * * *", "America/Santiago"), "2027-09-04T12:00Z", 2)  # no midnight on 5 September
    assert local(midnight, "America/Santiago") == ["09-05 01:00-0300", "09-06 00:00-0300"]


def test_an_expression_that_never_comes_true_never_fires() -> None:
    assert next_after(Cron("0 0 */31 2 MON#5"), at("2027-01-01T00:00Z")) is None


@pytest.mark.parametrize(
    "expression",
    [
        *("", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "x * * * *", "*/0 * * * *", "0 0 31 2 *", "@daily"),
        *("-1 * * * *", "5-1 * * * *", "* * * * MON#6", "1e3 * * * *", "٣ * * * *", "0" * 201 + " * * * *"),
    ],
)
def test_an_expression_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(Unacceptable):
        Cron(expression)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "Europe/", "x" * 5_000, "\0"]
)
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    for make in (lambda: Cron("* * * * *", zone), lambda: At(datetime(2027, 1, 1), zone)):  # noqa: DTZ001 - it is local
        with pytest.raises(Unacceptable):
            make()


# ------------------------------------------------------------------ intervals and single times


def test_an_interval_counts_from_its_start() -> None:
    assert following(Every(900), "2027-01-01T00:07Z", 2) == [at("2027-01-01T00:15Z"), at("2027-01-01T00:30Z")]
    week = Every(7 * 86_400, at("2027-03-01T09:00+02:00"))
    assert following(week, "2026-01-01T00:00Z", 2) == [at("2027-03-01T07:00Z"), at("2027-03-08T07:00Z")]
    assert following(week, "2027-03-01T07:00Z", 1) == [at("2027-03-08T07:00Z")]


def test_a_single_time_fires_once() -> None:
    new_year = At(datetime(2028, 1, 1), "Asia/Tokyo")  # noqa: DTZ001 - its zone stands beside it
    assert next_after(new_year, at("2027-06-01T00:00Z")) == at("2027-12-31T15:00Z")
    assert next_after(new_year, at("2027-12-31T15:00Z")) is None


@pytest.mark.parametrize(
    ("text", "expected"), [("2027-03-28T02:30", "2027-03-28T01:30Z"), ("2027-10-31T02:30", "2027-10-31T00:30Z")]
)
def test_a_single_time_that_comes_never_or_twice(text: str, expected: str) -> None:
    assert At(datetime.fromisoformat(text), BERLIN).moment == at(expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Every(0),
        lambda: Every(-5),
        lambda: Every(367 * 86_400),
        lambda: Every(60, datetime(2027, 1, 1)),  # noqa: DTZ001 - it is refused
        lambda: Every(60, datetime(2027, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
        lambda: At(datetime(2027, 1, 1, tzinfo=UTC)),
        lambda: At(datetime(2027, 1, 1, 0, 0, 0, 1)),  # noqa: DTZ001 - it is refused
        lambda: Misfire(grace_seconds=0),
        lambda: Misfire(most=0),
        lambda: Misfire(most=1_001),
    ],
)
def test_what_means_nothing_is_refused(make: object) -> None:
    with pytest.raises(Unacceptable):
        make()  # type: ignore[operator]


# ------------------------------------------------------------------ as JSON


@pytest.mark.parametrize(
    "trigger",
    [
        Cron("0 3 * * *", BERLIN),
        Every(60),
        Every(60, at("2027-01-01T00:00Z")),
        At(datetime(2027, 1, 1), BERLIN),  # noqa: DTZ001 - its zone stands beside it
    ],
)
def test_a_trigger_survives_json(trigger: Trigger) -> None:
    text = TRIGGER.dump_json(trigger)
    assert TRIGGER.validate_json(text) == trigger
    assert f'"kind":"{trigger.kind}"'.encode() in text


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"cron","expression":5}',
        '{"kind":"cron","expression":"* * * * *","extra":1}',
        '{"kind":"every","seconds":"60"}',
        '{"kind":"every","seconds":1.5}',
        '{"kind":"folder","path":"/"}',
        '{"expression":"* * * * *"}',
        "[]",
    ],
)
def test_json_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TRIGGER.validate_json(text)


# ------------------------------------------------------------------ whatever the trigger

CRONS = st.builds(
    lambda minute, hour, day, weekday: f"{minute} {hour} {day} * {weekday}",
    st.sampled_from(["*", "0", "30", "*/7", "5,50"]),
    st.sampled_from(["*", "0", "2", "3", "1-3", "*/6"]),
    st.sampled_from(["*", "1", "L", "*/10"]),
    st.sampled_from(["*", "SUN", "MON-FRI"]),
)
ZONES = st.sampled_from(
    ["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
)
TRIGGERS = st.one_of(st.builds(Cron, CRONS, ZONES), st.builds(Every, st.integers(1, 10**6)))
MOMENTS = st.integers(int(at("2027-01-01T00:00Z").timestamp()), int(at("2028-01-01T00:00Z").timestamp())).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
CHANGES = st.builds(
    lambda change, minutes: at(change) + timedelta(minutes=minutes),
    st.sampled_from(["2027-03-28T01:00Z", "2027-10-31T01:00Z", "2027-03-14T07:00Z", "2027-11-07T06:00Z"]),
    st.integers(-180, 180),
)


@given(TRIGGERS, st.one_of(MOMENTS, CHANGES), st.floats(0, 1))
def test_the_next_time_stays_the_next_until_it_comes(trigger: Trigger, now: datetime, part: float) -> None:
    found = next_after(trigger, now)
    assert found is not None
    assert found > now
    between = now + part * (found - now)
    if between < found:
        assert next_after(trigger, between) == found


@given(TRIGGERS, st.one_of(MOMENTS, CHANGES), st.integers(0, 40 * 86_400), st.integers(1, 300))
def test_the_newest_times_are_the_end_of_all_times(trigger: Trigger, start: datetime, seconds: int, most: int) -> None:
    now = start + timedelta(seconds=seconds)
    some = decide(trigger, Misfire("all", 1, most), start, now, now)
    every: list[datetime] = []
    moment = next_after(trigger, max(start, now - timedelta(minutes=20_000)))
    while moment is not None and moment <= now and len(every) < 3_000:
        every.append(moment)
        moment = next_after(trigger, moment)
    if len(every) < 3_000 and start >= now - timedelta(minutes=20_000):
        late = [each for each in every if each <= now - timedelta(seconds=1)][-most:]
        assert list(some.fire) == late + [each for each in every if each > now - timedelta(seconds=1)]
    assert all(one < other for one, other in pairwise(some.fire))
    assert (some.decided, some.due) == (now, next_after(trigger, now))


# ------------------------------------------------------------------ what was missed

HOURLY = Cron("0 * * * *")
START = at("2027-01-01T09:30Z")


@pytest.mark.parametrize(
    ("misfire", "now", "expected"),
    [
        (Misfire("skip"), "10:00:30", ["10:00"]),
        (Misfire("skip"), "10:01:01", []),
        (Misfire("skip"), "13:30", []),
        (Misfire("once"), "10:01:01", ["10:00"]),
        (Misfire("once"), "13:30", ["13:00"]),
        (Misfire("once"), "13:00:30", ["13:00"]),
        (Misfire("all"), "13:30", ["10:00", "11:00", "12:00", "13:00"]),
        (Misfire("all", most=2), "13:30", ["12:00", "13:00"]),
        (Misfire("all", most=2), "13:00:30", ["11:00", "12:00", "13:00"]),
        (Misfire("once", grace_seconds=7_200), "13:30", ["12:00", "13:00"]),
        (Misfire("all"), "09:59:59", []),
    ],
)
def test_what_was_missed_is_made_up_for_as_the_policy_says(misfire: Misfire, now: str, expected: list[str]) -> None:
    decision = decide(HOURLY, misfire, START, at(f"2027-01-01T{now}Z"), START)
    assert [f"{each:%H:%M}" for each in decision.fire] == expected
    assert decision.decided == at(f"2027-01-01T{now}Z")


def test_a_year_of_minutes_is_not_walked_through() -> None:
    decided, now = at("2027-01-01T00:00Z"), at("2028-01-01T00:00:30Z")
    for trigger in (Cron("* * * * *", BERLIN), Every(1)):
        assert len(decide(trigger, Misfire("all", most=3, grace_seconds=1), decided, now, now).fire) in (3, 4)
        assert len(decide(trigger, Misfire("once", grace_seconds=1), decided, now, now).fire) == 1


def test_a_clock_that_was_set_back_is_believed() -> None:
    decided, now = at("2028-01-01T00:00Z"), at("2027-01-01T00:30Z")
    due = at("2027-01-01T01:00Z")
    assert decide(HOURLY, Misfire(), decided, now, now) == Decision([], now, due)
    earlier = at("2026-12-31T22:30Z")
    assert decide(HOURLY, Misfire(), decided, now, earlier) == Decision([at("2027-01-01T00:00Z")], now, due)
    almost = decided - timedelta(seconds=2)
    assert decide(HOURLY, Misfire(), decided, almost, almost) == Decision((), decided, at("2028-01-01T01:00Z"))


def test_what_was_watched_of_a_clock_that_jumps() -> None:
    watched = Watched()

    def look(text: str) -> str:
        return f"{watched.look(at(f'2027-01-01T{text}Z')):%H:%M}"

    assert [look(f"10:{minute:02}") for minute in range(30)][-1] == "10:28"
    assert look("18:00") == "10:29", "it goes wrong"
    assert look("18:01") == "18:00"
    assert look("10:31") == "10:29", "it is right again, and nobody has watched these two minutes"
    assert look("10:32") == "10:31"
    assert look("10:05") == "10:05", "it is set back to where it has been"
    assert look("10:06") == "10:06"
    assert look("09:00") == "09:00", "it is set back to where it has not been"
    assert look("09:01") == "09:00"
    for index in range(40):
        look(f"2{index // 20}:{index % 20 * 3:02}")
    assert len(watched._spans) <= 16
