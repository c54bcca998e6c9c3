"""Jobs that run: leases, fencing, cancelling, and what a dead engine leaves."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from stores import Hands, claimed, run_through, submit

from graphengine.errors import Conflict, Failure, LeaseLost, NotFound
from graphengine.service.job import TRANSITIONS, Lease, next_state
from graphengine.service.limits import Limits
from graphengine.service.store import Store

FAILURE = Failure("node_raised", "it went wrong", "do it right", "ValueError")


async def test_a_run_has_a_beginning_and_an_end(store: Store, hands: Hands) -> None:
    await submit(store, "a")
    hands.run(1.0)
    running = await claimed(store)
    assert (running.state, running.attempt) == ("running", 1)
    hands.run(2.0)
    await store.attempts.finish(running.lease, {"image": {"digest": "abc"}})
    job = await store.queue.get("a")
    assert (job.state, job.result, job.failure) == ("done", {"image": {"digest": "abc"}}, None)
    assert job.started is not None
    assert job.ended is not None
    assert ((job.started - job.created).total_seconds(), (job.ended - job.started).total_seconds()) == (1.0, 2.0)


async def test_a_failure_is_kept_and_not_tried_again(store: Store) -> None:
    await submit(store, "a")
    job = await store.attempts.fail((await claimed(store)).lease, FAILURE)
    assert (job.state, job.failure) == ("failed", FAILURE)
    assert await store.attempts.claim() is None


async def test_retry_begins_anew_behind_the_others(store: Store) -> None:
    await submit(store, "a")
    await store.attempts.fail((await claimed(store)).lease, FAILURE)
    await submit(store, "b")
    job = await store.queue.retry("a")
    assert (job.state, job.failure, job.started, job.ended) == ("queued", None, None, None)
    assert await run_through(store) == ["b", "a"]
    assert (await store.queue.get("a")).attempt == 2
    with pytest.raises(Conflict):
        await store.queue.retry("a")
    with pytest.raises(NotFound):
        await store.queue.retry("nothing")


@pytest.mark.parametrize("state", ["queued", "running", "done", "failed", "cancelled"])
def test_only_the_table_says_what_follows(state: str) -> None:
    for action in ("claim", "finish", "fail", "stop", "requeue", "cancel", "retry"):
        if (state, action) in TRANSITIONS:
            assert next_state(state, action) == TRANSITIONS[state, action]  # type: ignore[arg-type, index]
        else:
            with pytest.raises(Conflict):
                next_state(state, action)  # type: ignore[arg-type]


# ------------------------------------------------------------------ leases


async def test_only_the_newest_attempt_is_heard(store: Store) -> None:
    await submit(store, "a")
    old = (await claimed(store)).lease
    await store.attempts.interrupt(old)
    new = (await claimed(store)).lease
    assert new == Lease("a", 2)
    for act in (
        store.attempts.finish(old, {}),
        store.attempts.fail(old, FAILURE),
        store.attempts.stop(old),
        store.attempts.release(old),
        store.attempts.interrupt(old),
        store.attempts.record(old, [("task_started", {"task": "x"})]),
        store.attempts.told_to_stop(old),
    ):
        with pytest.raises(LeaseLost):
            await act
    with pytest.raises(LeaseLost):
        store.attempts.renew(old)
    before = store.events.last
    await store.attempts.finish(new, {})
    assert store.events.last == before + 1
    with pytest.raises(LeaseLost):
        await store.attempts.finish(new, {})


async def test_a_silent_worker_loses_its_job_and_one_that_is_heard_of_keeps_it(store: Store, hands: Hands) -> None:
    await submit(store, "a")
    await submit(store, "b")
    await submit(store, "c")
    silent, alive, noting = [(await claimed(store)).lease for _ in range(3)]
    for _ in range(5):
        hands.run(25.0)
        store.attempts.renew(alive)
        await store.attempts.record(noting, [("task_started", {"task": "x"})])
        if hands.monotonic < 1_060:
            assert await store.attempts.expire() == []
        else:
            await store.attempts.expire()
    assert [(await store.queue.get(id_)).state for id_ in "abc"] == ["queued", "running", "running"]
    assert (await claimed(store)).lease == Lease("a", 2)
    with pytest.raises(LeaseLost):
        await store.attempts.finish(silent, {})
    hands.run(61.0)
    assert [(job.id, job.state) for job in await store.attempts.expire()] == [
        ("b", "queued"),
        ("c", "queued"),
        ("a", "failed"),
    ]


async def test_expiry_goes_on_by_itself(store: Store, hands: Hands) -> None:
    await submit(store, "a")
    await claimed(store)
    watching = asyncio.create_task(store.attempts.watch(0.01))
    hands.run(61.0)
    async with asyncio.timeout(60):
        async for entry in store.events.follow(0):
            if entry.kind == "requeued":
                break
    watching.cancel()


async def test_a_poison_job_cannot_loop(store: Store, hands: Hands) -> None:
    await submit(store, "poison")
    await submit(store, "good")
    begun = []
    while job := await store.attempts.claim():
        begun.append(job.id)
        if job.id == "poison":
            hands.run(61.0)
            await store.attempts.expire()
        else:
            await store.attempts.finish(job.lease, {})
    assert begun == ["poison", "poison", "good"]
    job = await store.queue.get("poison")
    assert (job.state, job.failure and job.failure.code, job.interruptions) == ("failed", "interrupted", 2)
    assert (await store.queue.retry("poison")).interruptions == 0


async def test_closing_is_not_held_against_a_job(store: Store) -> None:
    await submit(store, "a")
    await submit(store, "b")
    for attempt in range(1, 6):
        job = await claimed(store)
        assert job.lease == Lease("a", attempt)
        job = await store.attempts.release(job.lease)
        assert (job.state, job.interruptions) == ("queued", 0)
    assert await run_through(store) == ["a", "b"]


# ------------------------------------------------------------------ cancelling


async def test_a_waiting_job_is_cancelled_at_once(store: Store) -> None:
    await submit(store, "a")
    job = await store.queue.cancel("a")
    assert (job.state, job.started) == ("cancelled", None)
    assert job.ended is not None
    assert await store.attempts.claim() is None
    assert await store.queue.cancel("a") == job


async def test_a_running_job_is_told_and_nobody_else(store: Store) -> None:
    await submit(store, "a")
    await submit(store, "b")
    leases = [(await claimed(store)).lease for _ in range(2)]
    told = [asyncio.create_task(store.attempts.told_to_stop(lease)) for lease in leases]
    job = await store.queue.cancel("a")
    assert (job.state, job.cancelling) == ("running", True)
    await asyncio.wait_for(told[0], 1)
    assert not told[1].done()
    assert (await store.queue.cancel("a")).state == "running", "telling twice is telling once"
    job = await store.attempts.stop(leases[0])
    assert (job.state, job.cancelling) == ("cancelled", False)
    kinds = [entry.kind for entry in (await store.events.since(0)).entries if entry.job == "a"]
    assert kinds == ["queued", "started", "cancelling", "finished"]
    told[1].cancel()


async def test_a_run_that_ends_before_it_hears_of_it_is_done(store: Store) -> None:
    await submit(store, "a")
    lease = (await claimed(store)).lease
    await store.queue.cancel("a")
    job = await store.attempts.finish(lease, {})
    assert (job.state, job.cancelling) == ("done", False)
    assert await store.queue.cancel("a") == job


@pytest.mark.parametrize("end", ["interrupt", "release"])
async def test_a_cancelled_job_does_not_come_back(store: Store, end: str) -> None:
    await submit(store, "a")
    lease = (await claimed(store)).lease
    await store.queue.cancel("a")
    assert (await getattr(store.attempts, end)(lease)).state == "cancelled"


async def test_a_claim_and_a_cancel_in_one_commit_are_both_heard(store: Store) -> None:
    await submit(store, "a")
    job, cancelled = await asyncio.gather(store.attempts.claim(), store.queue.cancel("a"))
    assert job is not None
    assert cancelled.cancelling
    await asyncio.wait_for(store.attempts.told_to_stop(job.lease), 1)


async def test_whoever_lost_the_lease_is_told_to_stop(store: Store, hands: Hands) -> None:
    await submit(store, "a")
    told = asyncio.create_task(store.attempts.told_to_stop((await claimed(store)).lease))
    await asyncio.sleep(0)
    hands.run(61.0)
    await store.attempts.expire()
    await asyncio.wait_for(told, 1)


# ------------------------------------------------------------------ waiting for work


async def test_a_worker_waits_for_work(store: Store) -> None:
    waiting = [asyncio.create_task(store.attempts.take()) for _ in range(3)]
    await asyncio.sleep(0.02)
    assert not any(task.done() for task in waiting)
    for index in range(3):
        await submit(store, f"j{index}")
    jobs = await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert sorted(job.id for job in jobs) == ["j0", "j1", "j2"]


async def test_a_waiting_worker_hears_of_whatever_brings_work(store: Store) -> None:
    await submit(store, "a")
    await store.queue.pause()
    waiting = asyncio.create_task(store.attempts.take())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    await store.queue.resume()
    job = await asyncio.wait_for(waiting, 5)
    waiting = asyncio.create_task(store.attempts.take())
    await asyncio.sleep(0.02)
    await store.attempts.release(job.lease)
    job = await asyncio.wait_for(waiting, 5)
    await store.attempts.fail(job.lease, FAILURE)
    waiting = asyncio.create_task(store.attempts.take())
    await asyncio.sleep(0.02)
    await store.queue.retry("a")
    await asyncio.wait_for(waiting, 5)


async def test_a_claim_for_a_worker_that_is_gone_goes_back_unharmed(store: Store) -> None:
    await submit(store, "a")
    claim = asyncio.create_task(store.attempts.claim())
    await asyncio.sleep(0)
    claim.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claim
    async with asyncio.timeout(60):
        job = await store.attempts.take()
    assert job.interruptions == 0


# ------------------------------------------------------------------ after the end of an engine


async def die(store: Store) -> None:
    """End a store as a kill does: what runs is not put back."""
    await store.close()


async def test_what_a_dead_engine_left_running_is_taken_up(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    for index in range(5):
        await submit(store, f"j{index}")
    await claimed(store)
    await store.attempts.finish((await claimed(store)).lease, {})
    await claimed(store)
    await store.queue.cancel("j2")
    await die(store)
    store = await Store.open(tmp_path)
    states = {job.id: job.state for job in (await store.queue.list()).jobs}
    assert states == {"j0": "queued", "j1": "done", "j2": "cancelled", "j3": "queued", "j4": "queued"}
    assert (await claimed(store)).lease == Lease("j0", 2)
    await die(store)
    store = await Store.open(tmp_path)
    job = await store.queue.get("j0")
    assert (job.state, job.failure and job.failure.code) == ("failed", "interrupted")
    assert await run_through(store) == ["j3", "j4"]
    await store.close()


async def test_more_attempts_where_the_limits_say_so(tmp_path: Path) -> None:
    limits = Limits(attempts=4)
    for attempt in range(4):
        store = await Store.open(tmp_path, limits)
        if attempt == 0:
            await submit(store, "a")
        assert (await claimed(store)).attempt == attempt + 1
        await die(store)
    store = await Store.open(tmp_path, limits)
    assert (await store.queue.get("a")).state == "failed"
    await store.close()


# ------------------------------------------------------------------ R15: clocks that jump


@pytest.mark.parametrize("jump", [-3_600.0, 3_600.0, 365 * 86_400.0, -365 * 86_400.0])
async def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, jump: float, figure: Callable[[str], None]) -> None:
    hands = Hands()
    store = await Store.open(tmp_path, Limits(), hands.clock)
    for index in range(4):
        await submit(store, f"before{index}")
    running = await claimed(store)
    hands.wall += jump
    assert await store.attempts.expire() == []
    for index in range(4):
        await submit(store, f"after{index}")
    await store.attempts.finish(running.lease, {})
    seen = [entry.seq for entry in (await store.events.since(0)).entries]
    assert seen == list(range(1, len(seen) + 1))
    await die(store)
    hands.wall -= 2 * jump
    store = await Store.open(tmp_path, Limits(), hands.clock)
    assert await run_through(store) == [f"before{index}" for index in (1, 2, 3)] + [f"after{n}" for n in range(4)]
    assert [job.id for job in (await store.queue.list(order="oldest")).jobs] == [
        *(f"before{index}" for index in range(4)),
        *(f"after{index}" for index in range(4)),
    ]
    assert (await store.queue.status()).counts["done"] == 8
    await store.close()
    figure(f"R15: clock set by {jump / 3_600:+,.0f} h and back by twice that: 8 jobs, 0 lost, 0 doubled, order kept")
