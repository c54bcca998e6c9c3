"""The log: numbered, durable, replayed without a gap or a double, and forgotten from its beginning."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores import claimed, reopened, submission, submit

from graphengine.errors import Conflict
from graphengine.service import events
from graphengine.service.events import Entry, EventLog, Gap, Scope
from graphengine.service.limits import Limits
from graphengine.service.spread import Spread
from graphengine.service.store import Store


async def first(entries: AsyncIterator[Entry], number: int) -> list[Entry]:
    """Return the first ``number`` entries of what somebody follows."""
    found: list[Entry] = []
    async with asyncio.timeout(60):
        async for entry in entries:
            found.append(entry)
            if len(found) == number:
                break
    return found


async def test_the_life_of_a_job_is_told(store: Store) -> None:
    await submit(store, "a", priority=3)
    lease = (await claimed(store)).lease
    notes = [
        ("task_started", {"task": "x"}),
        ("task_finished", {"task": "x", "seconds": 1.5}),
        ("output", {"name": "y"}),
    ]
    await store.attempts.record(lease, notes)  # type: ignore[arg-type]
    await store.attempts.finish(lease, {})
    await store.queue.delete("a")
    entries = (await store.events.since(0)).entries
    assert [(entry.kind, dict(entry.data)) for entry in entries] == [
        ("queued", {"priority": 3, "batch": None}),
        ("started", {"attempt": 1}),
        *notes,
        ("finished", {"state": "done"}),
        ("deleted", {}),
    ]
    assert [entry.seq for entry in entries] == list(range(1, 8))
    assert {(entry.job, entry.owner) for entry in entries} == {("a", "ann")}


async def test_what_memory_says_the_database_says(store: Store, tmp_path: Path, limits: Limits) -> None:
    await store.queue.submit_batch(submission("b"), Spread("zip", {"x": [1, 2]}))
    await submit(store, "c", "bob")
    await store.queue.pause()
    scopes = [Scope(), Scope(job="b"), Scope(job="b~1"), Scope(owner="bob"), Scope("b", "bob"), Scope("b", "ann")]
    told = [await store.events.since(0, scope) for scope in scopes]
    again = await EventLog.open(store.database)
    assert [await again.since(0, scope) for scope in scopes] == told
    assert [[entry.job for entry in replay.entries] for replay in told] == [
        ["b~0", "b~1", "c", ""],
        ["b~0", "b~1"],
        ["b~1"],
        ["c", ""],
        [],
        ["b~0", "b~1"],
    ]


async def test_a_replay_comes_in_pieces(store: Store) -> None:
    for index in range(10):
        await submit(store, f"j{index}", ("ann", "bob")[index % 2])
    for log in (store.events, await EventLog.open(store.database)):
        reached, seen = 0, []
        while True:
            replay = await log.since(reached, Scope(owner="bob"), most=2)
            seen += [entry.job for entry in replay.entries]
            reached = replay.reached
            if replay.complete:
                break
        assert (seen, reached) == ([f"j{index}" for index in range(1, 10, 2)], 10)


async def test_a_place_that_is_no_place_is_a_gap(store: Store) -> None:
    await submit(store, "a")
    for seq, epoch in ((-1, None), (2, None), (10**30, None), (0, "another")):
        replay = await store.events.since(seq, epoch=epoch)
        assert (replay.gap, replay.entries, replay.reached) == (True, (), 1)
    assert not (await store.events.since(1, epoch=store.events.epoch)).gap
    with pytest.raises(Gap):
        await first(store.events.follow(7), 1)
    assert issubclass(Gap, Conflict)


async def test_a_refused_act_leaves_no_entry_and_no_hole(store: Store) -> None:
    await submit(store, "a")
    acts = [store.queue.delete("a"), store.queue.retry("a"), submit(store, "b"), store.queue.move_before("a", "x")]
    await asyncio.gather(*acts, return_exceptions=True)
    assert [(entry.seq, entry.job) for entry in (await store.events.since(0)).entries] == [(1, "a"), (2, "b")]


async def test_a_follower_sees_each_entry_once_from_wherever_it_began(store: Store) -> None:
    await submit(store, "j0")
    followers = [asyncio.create_task(first(store.events.follow(seq), 40 - seq)) for seq in (0, 1)]
    for index in range(1, 20):
        await submit(store, f"j{index}")
    late = asyncio.create_task(first((await EventLog.open(store.database)).follow(0), 20))
    await asyncio.gather(*[submit(store, f"k{index}") for index in range(20)])
    assert [entry.seq for entry in await followers[0]] == list(range(1, 41))
    assert [entry.seq for entry in await followers[1]] == list(range(2, 41))
    assert [entry.seq for entry in await late] == list(range(1, 21))


async def test_an_entry_is_told_only_when_it_is_on_the_disk(store: Store) -> None:
    follower = asyncio.create_task(first(store.events.follow(0), 1))
    await submit(store, "a")
    (entry,) = await follower
    assert (await store.queue.get("a")).seq == entry.seq


async def test_memory_is_bounded_and_the_rest_is_read_from_the_database(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "RECENT", 10)
    slow = store.events.follow(0)
    for index in range(50):
        await submit(store, f"j{index}")
    assert len(store.events._recent) <= 20
    assert [entry.seq for entry in await first(slow, 50)] == list(range(1, 51))
    for seq in range(51):
        assert [entry.seq for entry in (await store.events.since(seq)).entries] == list(range(seq + 1, 51))


async def test_the_log_goes_on_after_a_restart(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    epoch = store.events.epoch
    seen: list[Entry] = []
    for round_ in range(5):
        await submit(store, f"j{round_}")
        seen += await first(store.events.follow(len(seen)), 1)
        await submit(store, f"k{round_}")
        store = await reopened(store, tmp_path)
        assert (store.events.epoch, store.events.last) == (epoch, len(seen) + 1)
        seen += await first(store.events.follow(len(seen), epoch=epoch), 1)
    assert [entry.seq for entry in seen] == list(range(1, 11))
    assert seen == list((await store.events.since(0)).entries)
    await store.close()


async def test_old_entries_are_forgotten_and_whoever_misses_them_hears_of_it(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, Limits(events=20))
    for index in range(30):
        await submit(store, f"j{index}")
    follower = store.events.follow(0)
    assert (await anext(follower)).seq == 1
    await store.queue.prune()
    store = await reopened(store, tmp_path, Limits(events=20))
    assert (await store.events.since(9)).gap
    assert [entry.seq for entry in (await store.events.since(10)).entries] == list(range(11, 31))
    with pytest.raises(Gap):
        await first(store.events.follow(3), 1)
    await store.close()


async def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, Limits(events=0))
    await submit(store, "a")
    await store.queue.prune()
    store = await reopened(store, tmp_path, Limits(events=0))
    assert store.events.last == 1
    job = await submit(store, "b")
    assert job.seq == 2
    await store.close()
