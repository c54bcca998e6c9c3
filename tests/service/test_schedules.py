"""Schedules that are kept, and the jobs they make: each time once, whatever ends or jumps in between."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from stores import Hands, document, reopened, run_through, submission, submit

from graphengine.errors import Conflict, NotFound, QueueFull, StoreUnavailable, Unacceptable
from graphengine.service.clock import Clock
from graphengine.service.limits import Limits
from graphengine.service.schedule import scheduler as scheduler_module
from graphengine.service.schedule.misfire import Misfire
from graphengine.service.schedule.schedule import Draft
from graphengine.service.schedule.scheduler import Scheduler
from graphengine.service.schedule.schedules import MOST, Schedules
from graphengine.service.schedule.trigger import TRIGGER, At, Cron, Every
from graphengine.service.store import Store

HOUR = 3_600.0
DAY = 24 * HOUR
START = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)
HOURLY = Cron("0 * * * *")


@pytest.fixture
def hands() -> Hands:
    return Hands(START.timestamp())


def draft(id_: str = "nightly", **rest: Any) -> Draft:
    return replace(Draft(id_, "ann", HOURLY, document(title="scheduled")), **rest)


async def jobs(store: Store) -> list[str]:
    return [job.id for job in (await store.queue.list(limit=1_000, order="oldest")).jobs]


def named(*times: str, id_: str = "nightly", day: str = "20270115") -> list[str]:
    return [f"{id_}~{day}T{each}0000Z" for each in times]


# ------------------------------------------------------------------ kept


async def test_a_schedule_is_what_was_saved(store: Store) -> None:
    wanted = draft(
        inputs={"prompt": "x"},
        targets=("a",),
        priority=2,
        title="T",
        tags=("t",),
        weights="sdxl",
        misfire=Misfire("all", 5, 7),
        trigger=Every(60),
    )
    schedule = await store.schedules.save(wanted)
    assert schedule == await store.schedules.get("nightly")
    assert schedule.draft == replace(wanted, workflow=None)
    assert (schedule.decided, schedule.due) == (START, datetime(2027, 1, 15, 9, 31, tzinfo=UTC))
    assert schedule.workflow is not None
    assert await store.document(schedule.workflow) == wanted.workflow
    await store.schedules.save(draft("b", owner="bob"))
    assert [each.id for each in await store.schedules.list()] == ["b", "nightly"]
    assert [each.id for each in await store.schedules.list("bob")] == ["b"]


async def test_saving_the_same_changes_nothing_and_another_replaces(store: Store, hands: Hands) -> None:
    first = await store.schedules.save(draft())
    hands.run(60)
    assert await store.schedules.save(draft()) == first
    changed = await store.schedules.save(draft(inputs={"x": 1}))
    assert (changed.revision, changed.decided, changed.due) == (2, first.decided, first.due)
    other = await store.schedules.save(draft(trigger=Cron("30 * * * *"), workflow=document(title="other")))
    assert (other.revision, other.decided, other.due) == (
        3,
        hands.clock.now(),
        datetime(2027, 1, 15, 10, 30, tzinfo=UTC),
    )
    assert await store.schedules.save(draft(trigger=Cron("30 * * * *"), workflow=document(title="other")), expected=2)
    with pytest.raises(Conflict):
        await store.schedules.save(draft(), expected=2)
    with pytest.raises(NotFound):
        await store.document(first.workflow or "")
    with pytest.raises(Conflict):
        await store.schedules.save(draft(owner="bob"))


async def test_a_schedule_that_is_deleted_fires_no_more_and_its_jobs_stay(store: Store, hands: Hands) -> None:
    schedule = await store.schedules.save(draft())
    hands.run(HOUR)
    await store.scheduler.tick()
    await store.schedules.delete("nightly")
    hands.run(HOUR)
    assert await store.scheduler.tick() == []
    assert await jobs(store) == named("10")
    assert (await store.document(schedule.workflow or ""))["title"] == "scheduled"
    for act in (store.schedules.get("nightly"), store.schedules.delete("nightly")):
        with pytest.raises(NotFound):
            await act


@pytest.mark.parametrize(
    "changes",
    [
        {"workflow": None},
        {"name": "portrait"},
        {"id": "x~y"},
        {"id": ""},
        {"owner": ""},
        {"priority": 1_000},
        {"title": "x" * 501},
        {"inputs": {"x": float("nan")}},
        {"workflow": {"x": {1, 2}}},
    ],
)
async def test_what_cannot_be_kept_is_refused(store: Store, changes: dict[str, Any]) -> None:
    with pytest.raises(Unacceptable):
        await store.schedules.save(draft(**changes))
    assert await store.schedules.list() == []


async def test_there_are_not_too_many(store: Store) -> None:
    await asyncio.gather(*[store.schedules.save(draft(f"s{index}")) for index in range(MOST)])
    with pytest.raises(Conflict):
        await store.schedules.save(draft("more"))
    await store.schedules.save(draft("s7", inputs={"x": 1}))


# ------------------------------------------------------------------ fired


async def test_each_time_makes_one_job_of_what_was_saved(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft(inputs={"x": 1}, priority=3, title="T", tags=("t",), weights="w"))
    made = []
    for _ in range(9):
        hands.run(HOUR / 4)
        made += await store.scheduler.tick()
    assert made == await jobs(store) == named("10", "11")
    job = await store.queue.get(made[0])
    assert (job.owner, job.inputs, job.priority, job.title, job.tags, job.weights) == (
        "ann",
        {"x": 1},
        3,
        "T",
        ("t",),
        "w",
    )
    assert (await store.document(job.workflow))["title"] == "scheduled"
    schedule = await store.schedules.get("nightly")
    assert (schedule.fired, schedule.last) == (2, datetime(2027, 1, 15, 11, tzinfo=UTC))
    assert [entry.kind for entry in (await store.events.since(0)).entries] == ["queued", "queued"]


async def test_ticking_twice_fires_once(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft())
    hands.run(HOUR)
    made = await asyncio.gather(*[store.scheduler.tick() for _ in range(10)])
    assert [id_ for each in made for id_ in each] == named("10")
    other = Scheduler(store.database, Limits(), hands.clock)
    assert await other.tick() == []


async def test_a_single_time_fires_and_is_done(store: Store, hands: Hands) -> None:
    schedule = await store.schedules.save(draft(trigger=At(datetime(2027, 1, 15, 11), "Europe/Berlin")))  # noqa: DTZ001
    assert schedule.due == datetime(2027, 1, 15, 10, tzinfo=UTC)
    hands.run(HOUR)
    assert await store.scheduler.tick() == named("10")
    assert (await store.schedules.get("nightly")).due is None
    hands.run(DAY)
    assert await store.scheduler.tick() == []


async def test_a_schedule_that_is_off_misses_nothing(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft(misfire=Misfire("all"), enabled=False))
    hands.run(3 * HOUR)
    assert await store.scheduler.tick() == []
    schedule = await store.schedules.enable("nightly", enabled=True)
    assert schedule.due == datetime(2027, 1, 15, 13, tzinfo=UTC)
    assert await store.schedules.enable("nightly", enabled=True) == schedule
    hands.run(HOUR)
    assert await store.scheduler.tick() == named("13")
    assert (await store.schedules.enable("nightly", enabled=False)).due is None
    hands.run(HOUR)
    assert await store.scheduler.tick() == []


async def test_the_newest_version_of_a_name_is_run(store: Store, hands: Hands) -> None:
    await store.library.save("portrait", document(title="one"), owner="ann")
    await store.schedules.save(draft(workflow=None, name="portrait"))
    await store.library.save("portrait", document(title="two"), owner="ann")
    hands.run(HOUR)
    (first,) = await store.scheduler.tick()
    assert (await store.document((await store.queue.get(first)).workflow))["title"] == "two"


async def test_a_name_that_is_gone_is_a_problem_until_it_is_back(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft(workflow=None, name="portrait"))
    hands.run(HOUR)
    assert await store.scheduler.tick() == []
    schedule = await store.schedules.get("nightly")
    assert (schedule.problem, schedule.fired) == ("there is no workflow called 'portrait'", 0)
    await store.library.save("portrait", document(), owner="ann")
    hands.run(HOUR)
    assert await store.scheduler.tick() == named("11")
    assert (await store.schedules.get("nightly")).problem == ""


async def test_a_full_queue_is_waited_for(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft())
    for index in range(200):
        await submit(store, f"j{index}", priority=1)
    hands.run(HOUR)
    with pytest.raises(QueueFull):
        await store.scheduler.tick()
    await store.queue.cancel("j0")
    assert await store.scheduler.tick() == named("10")


async def test_a_full_queue_stops_only_whom_it_must(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft("a", trigger=Every(600), misfire=Misfire("all", grace_seconds=10)))
    await store.schedules.save(draft("b"))
    for index in range(198):
        await submit(store, f"j{index}", priority=1)
    hands.run(HOUR)
    with pytest.raises(QueueFull):
        await store.scheduler.tick()
    assert [id_ for id_ in await jobs(store) if "~" in id_] == named("10", id_="b")


# ------------------------------------------------------------------ after a crash, or a long night


async def test_what_came_while_the_engine_was_away_is_made_up_for(tmp_path: Path) -> None:
    hands = Hands(START.timestamp())
    store = await Store.open(tmp_path, Limits(), hands.clock)
    for policy in ("skip", "once", "all"):
        await store.schedules.save(draft(policy, misfire=Misfire(policy)))
    await store.close()
    hands.run(3 * HOUR)
    store = await Store.open(tmp_path, Limits(), hands.clock)
    await store.scheduler.tick()
    assert sorted(await jobs(store)) == [*named("10", "11", "12", id_="all"), *named("12", id_="once")]
    await store.close()


@pytest.mark.parametrize("crash", ["before", "after"])
async def test_a_crash_around_the_commit_loses_and_doubles_nothing(
    tmp_path: Path, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands = Hands(START.timestamp())
    store = await Store.open(tmp_path, Limits(), hands.clock)
    await store.schedules.save(draft())
    hands.run(HOUR)
    write = store.database.write

    async def dying(act: Any) -> Any:
        if crash == "after":
            await write(act)
        raise StoreUnavailable("the power is gone", "database_failed")

    monkeypatch.setattr(store.database, "write", dying)
    with pytest.raises(StoreUnavailable):
        await store.scheduler.tick()
    monkeypatch.undo()
    store = await reopened(store, tmp_path)
    again = Scheduler(store.database, Limits(), hands.clock)
    assert await again.tick() == ([] if crash == "after" else named("10"))
    assert await jobs(store) == named("10")
    await store.close()


async def test_a_schedule_that_changes_while_it_fires_is_asked_again(
    store: Store, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.schedules.save(draft())
    hands.run(HOUR)
    write = store.database.write

    async def late(act: Any) -> Any:
        monkeypatch.undo()
        await store.schedules.save(draft(inputs={"x": 2}))
        return await write(act)

    monkeypatch.setattr(store.database, "write", late)
    assert await store.scheduler.tick() == []
    assert await store.scheduler.tick() == named("10")
    assert (await store.queue.get(named("10")[0])).inputs == {"x": 2}


# ------------------------------------------------------------------ R15: clocks that jump


@pytest.mark.parametrize("policy", ["skip", "once", "all"])
@pytest.mark.parametrize("jump", [-HOUR, HOUR, 365 * DAY])
async def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(
    store: Store, hands: Hands, policy: Any, jump: float
) -> None:
    await store.schedules.save(draft(trigger=Cron("*/20 * * * *"), misfire=Misfire(policy, most=5)))
    for _ in range(6):
        hands.run(HOUR / 6)
        await store.scheduler.tick()
    hands.wall += jump
    for _ in range(2):
        hands.run(HOUR / 6)
        await store.scheduler.tick()
    hands.wall -= jump
    for _ in range(12):
        hands.run(HOUR / 6)
        await store.scheduler.tick()
    made = await jobs(store)
    times = [f"{hour:02}{minute:02}" for hour in range(9, 13) for minute in (0, 20, 40)][2:]
    expected = [f"nightly~20270115T{time}00Z" for time in times]
    lost = set(expected) - set(made)
    assert lost <= (set() if policy == "all" else {"nightly~20270115T104000Z"}), (
        "at most what came while the clock said otherwise, where the policy lets it go"
    )
    assert (await store.schedules.get("nightly")).due == datetime(2027, 1, 15, 13, tzinfo=UTC)


# ------------------------------------------------------------------ by itself


async def test_the_scheduler_fires_by_itself(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    running = asyncio.create_task(store.scheduler.run())
    await asyncio.sleep(0.01)
    await store.schedules.save(draft(trigger=Every(1)))
    seen = []
    async with asyncio.timeout(60):
        async for entry in store.events.follow(0):
            seen.append((entry.job, entry.time))
            if len(seen) == 2:
                break
    running.cancel()
    for id_, time in seen:
        due = datetime.strptime(f"{id_.partition('~')[2]}+0000", "%Y%m%dT%H%M%SZ%z")
        assert 0 <= (time - due).total_seconds() < 1
    await store.close()


async def test_the_scheduler_outlives_faults(store: Store, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler_module, "RETRY", 0.01)
    monkeypatch.setattr(scheduler_module, "LONGEST_SLEEP", 0.01)
    await store.schedules.save(draft())
    faults = [StoreUnavailable("no", "disk_full"), QueueFull("no", 1)]
    tick = Scheduler.tick

    async def failing(self: Scheduler) -> Any:
        if faults:
            raise faults.pop()
        return await tick(self)

    monkeypatch.setattr(Scheduler, "tick", failing)
    hands.run(HOUR)
    running = asyncio.create_task(store.scheduler.run())
    async with asyncio.timeout(60):
        async for entry in store.events.follow(0):
            assert [entry.job] == named("10")
            break
    running.cancel()
    assert await run_through(store) == named("10")


async def test_the_rules_of_a_zone_may_change_between_two_starts(store: Store, hands: Hands) -> None:
    await store.schedules.save(draft())
    await store.database.write(lambda tx: tx.execute("UPDATE schedule SET due = 0"))
    await store.scheduler.refresh()
    assert (await store.schedules.get("nightly")).due == datetime(2027, 1, 15, 10, tzinfo=UTC)


async def test_a_client_cannot_take_the_name_of_a_time(store: Store) -> None:
    with pytest.raises(Unacceptable):
        await store.queue.submit(submission(named("10")[0]))


def test_the_schema_of_triggers_is_known() -> None:
    schema = TRIGGER.json_schema()
    assert set(schema["discriminator"]["mapping"]) == {"cron", "every", "at", "folder", "webhook"}
    assert Schedules.__doc__
    assert Clock().now().tzinfo is UTC
