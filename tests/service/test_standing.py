"""Acts that stand by: tried again in each transaction that brings what they wait for, and committed with it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from stores import submit

from graphengine.errors import StoreUnavailable
from graphengine.service.database.database import PROBE, Database
from graphengine.service.database.migrations import statements
from graphengine.service.database.writer import Transaction
from graphengine.service.store import Store

STEPS = (statements(PROBE, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"),)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "test.sqlite", STEPS)
    await database._verification
    yield database
    await database.close()


def put(name: str, *more: str) -> Callable[[Transaction], None]:
    def act(transaction: Transaction) -> None:
        for each in (name, *more):
            transaction.execute("INSERT INTO item (name) VALUES (?)", (each,))
            transaction.outbox.append(each)

    return act


def taken(transaction: Transaction) -> str | None:
    """Take the first item out."""
    row = transaction.execute("SELECT id, name FROM item ORDER BY id LIMIT 1").fetchone()
    if row is None:
        return None
    transaction.execute("DELETE FROM item WHERE id = ?", (row["id"],))
    name: str = row["name"]
    return name


def stand(database: Database, missed: list[str]) -> "asyncio.Future[str]":
    return database.stand(taken, lambda transaction: bool(transaction.outbox), missed.append)


async def test_what_is_there_is_taken_at_once(database: Database) -> None:
    await database.write(put("a"))
    assert await stand(database, []) == "a"


async def test_what_comes_is_taken_in_the_commit_that_brings_it(database: Database) -> None:
    waiting = stand(database, [])
    await database.write(lambda _: None)
    assert not waiting.done()
    traced: list[str] = []
    database._connection.set_trace_callback(traced.append)
    await database.write(put("a"))
    assert await waiting == "a"
    assert traced.count("COMMIT") == 1


async def test_one_that_came_together_with_what_it_waits_for_has_it(database: Database) -> None:
    waiting, _ = stand(database, []), database.submit(put("a"))
    assert await asyncio.wait_for(waiting, 5) == "a"


async def test_each_takes_its_own_and_one_waits_on(database: Database) -> None:
    waiting = [stand(database, []) for _ in range(3)]
    await database.write(put("a", "b"))
    assert sorted([await waiting[0], await waiting[1]]) == ["a", "b"]
    assert not waiting[2].done()
    await database.write(put("c"))
    assert await waiting[2] == "c"


async def test_a_commit_that_fails_lets_it_wait_on(database: Database) -> None:
    waiting = stand(database, [])
    await database.write(lambda _: None)
    database._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailable):
        await database.write(put("lost"))
    database._connection.execute("PRAGMA query_only = OFF")
    assert not waiting.done()
    await database.write(put("kept"))
    assert await waiting == "kept"


async def test_who_is_gone_takes_nothing(database: Database) -> None:
    missed: list[str] = []
    waiting = stand(database, missed)
    await database.write(lambda _: None)
    waiting.cancel()
    await database.write(put("a"))
    assert missed == []
    assert await stand(database, []) == "a"


async def test_what_came_too_late_is_given_back(database: Database) -> None:
    missed: list[str] = []
    asked = threading.Event()

    def wakes(transaction: Transaction) -> bool:
        asked.set()
        return bool(transaction.outbox)

    waiting = database.stand(taken, wakes, missed.append)
    await database.write(lambda _: None)
    asked.clear()
    bringing = database.submit(put("a"))
    assert asked.wait(5), "the loop stands still: it has not heard of the commit when it cancels"
    waiting.cancel()
    await bringing
    assert missed == ["a"]


async def test_at_the_end_nobody_is_left_waiting(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "test.sqlite", STEPS)
    waiting = stand(database, [])
    await database.write(lambda _: None)
    await database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await waiting
    with pytest.raises(StoreUnavailable, match="closed"):
        stand(database, [])


async def test_a_job_begins_in_the_commit_that_accepts_it(store: Store) -> None:
    await store.database._verification
    taking = asyncio.create_task(store.attempts.take())
    await store.queue.status()
    await asyncio.sleep(0.05)
    traced: list[str] = []
    store.database._connection.set_trace_callback(traced.append)
    await submit(store, "a")
    job = await taking
    assert (job.id, job.state, job.attempt) == ("a", "running", 1)
    first = traced[: traced.index("COMMIT")]
    assert any("UPDATE job SET state = 'running'" in each for each in first)
    store.database._connection.set_trace_callback(None)
    await store.attempts.finish(job.lease, {}, [("task_started", {"task": "x"}), ("task_finished", {"task": "x"})])
    kinds = [entry.kind for entry in (await store.events.since(0)).entries]
    assert kinds == ["queued", "started", "task_started", "task_finished", "finished"]


async def test_a_paused_queue_gives_nothing_until_it_goes_on(store: Store) -> None:
    await store.queue.pause()
    taking = asyncio.create_task(store.attempts.take())
    await submit(store, "a")
    await asyncio.sleep(0.05)
    assert not taking.done()
    await store.queue.resume()
    assert (await asyncio.wait_for(taking, 5)).id == "a"


async def test_who_stops_waiting_for_a_job_leaves_it(store: Store) -> None:
    taking = asyncio.create_task(store.attempts.take())
    await asyncio.sleep(0.05)
    taking.cancel()
    await submit(store, "a")
    await asyncio.sleep(0.05)
    assert (await store.queue.get("a")).state == "queued"
