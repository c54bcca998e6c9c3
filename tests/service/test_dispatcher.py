"""The dispatcher over a real store and a real engine: what becomes of jobs, and what the log says of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from servers import document, link, slow, three

from graphengine.app import Engine
from graphengine.errors import EngineBug, StoreUnavailable
from graphengine.run.messages import Event, TaskProgress
from graphengine.run.runner import Run
from graphengine.service.assets import Assets
from graphengine.service.attempt import Attempt, Workplace
from graphengine.service.dispatcher import Dispatcher
from graphengine.service.job import ENDED, Job, Submission
from graphengine.service.live import LiveFeed
from graphengine.service.store import Store


@pytest.fixture
async def place(store: Store, engine: Engine, tmp_path: Path) -> AsyncIterator[Workplace]:
    yield Workplace(store, engine, LiveFeed(), Assets(tmp_path / "assets"), tmp_path / "outputs")
    await asyncio.to_thread(engine.close)


@pytest.fixture
async def dispatcher(place: Workplace) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(place)
    yield dispatcher
    await dispatcher.close(5)


async def submit(place: Workplace, workflow: Any, id_: str = "job") -> None:
    await place.store.queue.submit(Submission(id_, "ann", workflow))


async def ended(place: Workplace, id_: str = "job") -> Job:
    async with asyncio.timeout(60):
        while True:
            job = await place.store.queue.get(id_)
            if job.state in ENDED:
                return job
            await asyncio.sleep(0.01)


async def log(place: Workplace) -> list[tuple[str, Any]]:
    return [(entry.kind, entry.data.get("task")) for entry in (await place.store.events.since(0)).entries]


async def test_the_log_tells_what_happened_in_order(place: Workplace, dispatcher: Dispatcher) -> None:
    await submit(place, three())
    dispatcher.start()
    assert (await ended(place)).state == "done"
    told = await log(place)
    assert told == [
        ("queued", None),
        ("started", None),
        ("task_started", "number"),
        ("task_finished", "number"),
        ("task_started", "add"),
        ("task_finished", "add"),
        ("task_started", "pass"),
        ("task_finished", "pass"),
        ("finished", None),
    ]
    await submit(place, three(), "again")
    assert (await ended(place, "again")).state == "done"
    assert ("task_cached", "pass") in await log(place)


async def test_a_failure_is_the_first_that_was(place: Workplace, dispatcher: Dispatcher) -> None:
    await submit(
        place, document({"fail": ["plain.fail", {"how": "bug"}], "show": ["plain.show", {"value": link("fail.value")}]})
    )
    dispatcher.start()
    job = await ended(place)
    assert job.state == "failed"
    assert job.failure is not None
    assert job.failure.code == "node_raised"


async def test_a_document_that_is_no_longer_true_fails(place: Workplace, dispatcher: Dispatcher) -> None:
    await submit(place, document({"gone": ["plain.removed", {}]}))
    dispatcher.start()
    job = await ended(place)
    assert job.failure is not None
    assert job.failure.code == "invalid_input"
    assert "plain.removed" in job.failure.message


async def test_progress_goes_beside_the_log(place: Workplace, dispatcher: Dispatcher) -> None:
    heard: list[Event] = []
    place.feed.listen(lambda job, owner, event: heard.append(event))
    await submit(place, slow(0.5))
    dispatcher.start()
    await ended(place)
    assert all(isinstance(event, TaskProgress) for event in heard)
    assert 3 <= len(heard) <= 20
    assert "task_progress" not in {kind for kind, _ in await log(place)}


async def test_cancelling_takes_effect_soon_and_on_one(
    place: Workplace, dispatcher: Dispatcher, figure: Callable[[str], None]
) -> None:
    dispatcher.start()
    times = []
    for trial in range(5):
        await submit(place, slow(20, trial), f"long{trial}")
        await submit(place, three(trial), f"short{trial}")
        await asyncio.sleep(0.05 * trial)
        began = perf_counter()
        await place.store.queue.cancel(f"long{trial}")
        assert (await ended(place, f"long{trial}")).state == "cancelled"
        times.append(perf_counter() - began)
        assert (await ended(place, f"short{trial}")).state == "done"
    figure(f"cancelled after at most {max(times) * 1e3:.0f} ms, steps of 20 ms")
    assert dispatcher.running == 0
    assert max(times) < 2.0


async def test_closing_puts_back_what_runs_and_holds_nothing_against_it(place: Workplace) -> None:
    first = Dispatcher(place)
    await submit(place, slow(20))
    first.start()
    await asyncio.sleep(0.2)
    assert first.running == 1
    await first.close(0.05)
    job = await place.store.queue.get("job")
    assert (job.state, job.interruptions) == ("queued", 0)
    assert not first.is_alive


async def test_a_bug_of_the_engine_fails_one_job(
    place: Workplace, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Run) -> None:
        raise EngineBug("an invariant broke")

    with monkeypatch.context() as patched:
        patched.setattr(Run, "result", broken)
        await submit(place, three())
        dispatcher.start()
        job = await ended(place)
    assert job.failure is not None
    assert job.failure.code == "engine_failed"
    await submit(place, three(), "next")
    assert (await ended(place, "next")).state == "done"


async def test_a_database_that_fails_is_waited_for(
    place: Workplace, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphengine.service.attempt.RETRY", 0.01)
    finish, failures = place.store.attempts.finish, [1, 2, 3]

    async def failing(*arguments: Any) -> Job:
        if failures:
            failures.pop()
            raise StoreUnavailable("the disk is full", "disk_full")
        return await finish(*arguments)

    monkeypatch.setattr(place.store.attempts, "finish", failing)
    await submit(place, three())
    dispatcher.start()
    assert (await ended(place)).state == "done"
    assert failures == []


async def test_a_stale_attempt_changes_nothing(place: Workplace) -> None:
    await submit(place, slow(0.3))
    stale = await place.store.attempts.claim()
    assert stale is not None
    attempt = asyncio.create_task(Attempt(place, stale, lambda: None).run())
    await asyncio.sleep(0.1)
    await place.store.attempts.interrupt(stale.lease)
    await attempt
    job = await place.store.queue.get("job")
    assert (job.state, job.interruptions) == ("queued", 1)


async def test_two_run_at_once_and_a_third_waits(place: Workplace, dispatcher: Dispatcher) -> None:
    for index in range(3):
        await submit(place, slow(1.5, index), f"j{index}")
    dispatcher.start()
    async with asyncio.timeout(60):
        while dispatcher.running < 2:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert dispatcher.running == 2
    assert (await place.store.queue.get("j2")).state == "queued"
    assert [(await ended(place, f"j{index}")).state for index in range(3)] == ["done"] * 3
