"""Taking jobs in: each id once, all or nothing, and no more than fit."""

import asyncio
from dataclasses import replace

import pytest
from stores import DOCUMENT, Hands, claimed, document, submission, submit

from graphengine.errors import Conflict, NotFound, QueueFull, Unacceptable
from graphengine.service.clock import moment
from graphengine.service.job import Submission
from graphengine.service.spread import Spread
from graphengine.service.store import Store

# ------------------------------------------------------------------ one job


async def test_a_job_is_what_was_submitted(store: Store, hands: Hands) -> None:
    asked = Submission(
        "a-1",
        "ann",
        DOCUMENT,
        inputs={"prompt": "ein Köter 🐕", "steps": 3},
        targets=("x", "y"),
        priority=-3,
        title="A title",
        tags=("one", "two"),
        weights="sdxl",
    )
    job = (await store.queue.submit(asked)).job
    assert job == await store.queue.get("a-1")
    assert (job.inputs, job.targets, job.title, job.tags) == (asked.inputs, asked.targets, asked.title, asked.tags)
    assert (job.state, job.owner, job.priority, job.weights) == ("queued", "ann", -3, "sdxl")
    assert (job.created, job.started, job.ended) == (moment(int(hands.wall * 1e6)), None, None)
    assert (job.attempt, job.failure, job.result, job.batch) == (0, None, None, None)
    assert await store.document(job.workflow) == DOCUMENT


async def test_the_same_submission_is_the_same_job_and_another_is_refused(store: Store) -> None:
    first = await store.queue.submit(submission("a", inputs={"x": 1, "y": 2}))
    again = await store.queue.submit(submission("a", inputs={"y": 2, "x": 1}))
    assert (first.created, again.created) == (True, False)
    assert first.job == again.job
    for other in (
        submission("a", inputs={"x": 1, "y": 3}),
        submission("a", "bob", inputs={"x": 1, "y": 2}),
        replace(submission("a", inputs={"x": 1, "y": 2}), workflow=document(title="other")),
        submission("a", inputs={"x": 1, "y": 2}, targets=()),
    ):
        with pytest.raises(Conflict):
            await store.queue.submit(other)
    assert (await store.queue.status()).counts["queued"] == 1


async def test_the_order_of_keys_does_not_make_another_submission(store: Store) -> None:
    one, other = document(inputs={"b": 1, "a": 2}), document(inputs={"a": 2, "b": 1})
    first = await store.queue.submit(submission("a", workflow=one))
    again = await store.queue.submit(submission("a", workflow=other))
    assert (again.created, again.job) == (False, first.job)
    assert list((await store.document(again.job.workflow))["inputs"]) == ["b", "a"]
    spread = Spread("zip", {"x": [1]})
    assert (await store.queue.submit_batch(submission("b", workflow=one), spread)).created
    assert not (await store.queue.submit_batch(submission("b", workflow=other), spread)).created


async def test_a_job_that_is_over_is_found_again_by_its_submission(store: Store) -> None:
    await submit(store, "a")
    await store.attempts.finish((await claimed(store)).lease, {"image": "abc"})
    again = await store.queue.submit(submission("a"))
    assert (again.created, again.job.state, again.job.result) == (False, "done", {"image": "abc"})
    assert await store.attempts.claim() is None


async def test_a_document_keeps_the_order_of_its_keys_and_is_kept_once(store: Store) -> None:
    one, other = document(inputs={"b": 1, "a": 2}), document(inputs={"a": 2, "b": 1})
    jobs = [await submit(store, id_, workflow=workflow) for id_, workflow in (("1", one), ("2", one), ("3", other))]
    assert [list((await store.document(job.workflow))["inputs"]) for job in jobs] == [
        ["b", "a"],
        ["b", "a"],
        ["a", "b"],
    ]
    assert len({job.workflow for job in jobs}) == 2
    with pytest.raises(NotFound):
        await store.document("0" * 64)


@pytest.mark.parametrize("id_", ["", "a b", "ä", "../x", ".x", "x/y", "x~1", "x" * 101, "a\n", "-a"])
async def test_an_id_that_is_no_id_is_refused(store: Store, id_: str) -> None:
    with pytest.raises(Unacceptable):
        await store.queue.submit(submission(id_))


async def test_the_service_has_names_of_its_own(store: Store) -> None:
    job = (await store.queue.submit(submission("nightly~2027"), ours=True)).job
    assert job.id == "nightly~2027"


@pytest.mark.parametrize(
    "changes",
    [
        {"priority": 101},
        {"priority": -101},
        {"owner": ""},
        {"owner": "x" * 201},
        {"title": "x" * 501},
        {"tags": ("",)},
        {"tags": ("x",) * 33},
        {"inputs": {"x": float("nan")}},
        {"inputs": {"x": float("inf")}},
        {"inputs": {"x": "\ud800"}},
        {"inputs": {"x": b"bytes"}},
        {"workflow": {"x": float("nan")}},
    ],
)
async def test_what_cannot_be_kept_is_refused(store: Store, changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        await store.queue.submit(replace(submission("a"), **changes))
    assert (await store.queue.list()).jobs == []


async def test_names_are_data_and_nothing_else(store: Store) -> None:
    hostile = "'; DROP TABLE job; -- \x00 %_\\ __proto__"
    job = await submit(store, "a", hostile, title=hostile, tags=(hostile,), inputs={hostile: hostile}, weights=hostile)
    assert (job.owner, job.title, job.tags, job.inputs) == (hostile, hostile, (hostile,), {hostile: hostile})
    assert await claimed(store, hostile)


# ------------------------------------------------------------------ overload


async def test_one_job_too_many_is_refused_and_says_when_to_come_again(store: Store) -> None:
    for index in range(200):
        await submit(store, f"j{index}")
    with pytest.raises(QueueFull) as caught:
        await submit(store, "more")
    assert 1 <= caught.value.retry_after <= 60
    assert not (await store.queue.submit(submission("j7"))).created, "what is there already is no more"
    await claimed(store)
    await submit(store, "more")


async def test_retry_after_is_as_long_as_the_queue_is_slow(store: Store, hands: Hands) -> None:
    for index in range(200):
        await submit(store, f"j{index}")
    for _ in range(10):
        hands.run(7.0)
        await claimed(store)
    for index in range(10):
        await submit(store, f"k{index}")
    with pytest.raises(QueueFull) as caught:
        await submit(store, "more")
    assert caught.value.retry_after == 7


# ------------------------------------------------------------------ batches


async def test_a_zip_takes_values_side_by_side(store: Store) -> None:
    spread = Spread("zip", {"seed": [1, 2, 3], "prompt": ["a", "b", "c"]})
    accepted = await store.queue.submit_batch(submission("b", inputs={"steps": 9, "seed": 0}), spread)
    assert (accepted.created, accepted.batch.total, accepted.batch.counts) == (True, 3, {"queued": 3})
    jobs = (await store.queue.list(order="oldest")).jobs
    assert [job.id for job in jobs] == ["b~0", "b~1", "b~2"]
    assert [dict(job.inputs) for job in jobs] == [
        {"steps": 9, "seed": seed, "prompt": prompt} for seed, prompt in ((1, "a"), (2, "b"), (3, "c"))
    ]
    assert {job.batch for job in jobs} == {"b"}
    assert len({job.workflow for job in jobs}) == 1


async def test_a_product_takes_each_with_each(store: Store) -> None:
    await store.queue.submit_batch(submission("b"), Spread("product", {"x": [1, 2], "y": ["a", "b", None]}))
    jobs = (await store.queue.list(order="oldest")).jobs
    assert [tuple(job.inputs.values()) for job in jobs] == [(x, y) for x in (1, 2) for y in ("a", "b", None)]


@pytest.mark.parametrize(
    "spread",
    [
        Spread("zip", {"x": [1, 2], "y": [1]}),
        Spread("zip", {}),
        Spread("zip", {"x": []}),
        Spread("product", {}),
        Spread("product", {"x": [1], "y": []}),
        Spread("zip", {"x": [0] * 51}),
        Spread("product", {f"x{index}": [0] * 1_000 for index in range(100)}),
    ],
)
async def test_a_batch_of_no_or_too_many_jobs_is_refused(store: Store, spread: Spread) -> None:
    with pytest.raises(Unacceptable):
        await store.queue.submit_batch(submission("b"), spread)


async def test_a_batch_of_too_long_inputs_is_refused(store: Store) -> None:
    """Each job keeps its own: a small request fills neither the memory nor the disk."""
    many, long = {"n": list(range(50))}, "x" * 1_400_000
    with pytest.raises(Unacceptable, match="at most 1,342,177 characters"):
        await store.queue.submit_batch(replace(submission("b"), inputs={"text": long}), Spread("zip", many))
    with pytest.raises(Unacceptable, match="at most 1,342,177 characters"):
        await store.queue.submit_batch(submission("b"), Spread("product", {"text": [long], **many}))
    asked = replace(submission("b"), inputs={"text": "x" * 60})
    assert (await store.queue.submit_batch(asked, Spread("zip", many))).batch.total == 50


async def test_a_batch_is_taken_once_and_as_a_whole(store: Store) -> None:
    spread = Spread("zip", {"x": list(range(50))})
    first = await store.queue.submit_batch(submission("b"), spread)
    again = await store.queue.submit_batch(submission("b"), spread)
    assert (first.created, again.created, first.batch) == (True, False, again.batch)
    for other in (
        store.queue.submit(submission("b")),
        store.queue.submit_batch(submission("b"), Spread("zip", {"x": [1]})),
    ):
        with pytest.raises(Conflict):
            await other
    for index in range(2):
        await store.queue.submit_batch(submission(f"c{index}"), spread)
    await submit(store, "one")
    with pytest.raises(Conflict):
        await store.queue.submit_batch(submission("one"), spread)
    with pytest.raises(QueueFull):
        await store.queue.submit_batch(submission("d"), spread)
    with pytest.raises(NotFound):
        await store.queue.batch("d")
    assert (await store.queue.status()).counts["queued"] == 151


async def test_a_batch_is_over_with_its_last_job_and_says_so_once_each_time(store: Store) -> None:
    await store.queue.submit_batch(submission("b"), Spread("zip", {"x": [1, 2]}))
    for _ in range(2):
        assert not (await store.queue.batch("b")).ended
        await store.attempts.finish((await claimed(store)).lease, {})
    assert (await store.queue.batch("b")).ended
    assert [entry.kind for entry in (await store.events.since(0)).entries].count("batch_finished") == 1
    assert (await store.events.since(0)).entries[-1].job == "b"


async def test_cancelling_a_batch_cancels_what_is_not_over(store: Store) -> None:
    await store.queue.submit_batch(submission("b"), Spread("zip", {"x": [1, 2, 3, 4]}))
    await submit(store, "other")
    await store.attempts.finish((await claimed(store)).lease, {})
    running = await claimed(store)
    jobs = await store.queue.cancel_batch("b")
    assert [(job.state, job.cancelling) for job in jobs] == [
        ("running", True),
        ("cancelled", False),
        ("cancelled", False),
    ]
    await store.attempts.stop(running.lease)
    batch = await store.queue.batch("b")
    assert (dict(batch.counts), batch.ended) == ({"done": 1, "cancelled": 3}, True)
    assert (await store.queue.get("other")).state == "queued"
    assert await store.queue.cancel_batch("b") == []
    with pytest.raises(NotFound):
        await store.queue.cancel_batch("nothing")


async def test_a_job_of_a_batch_that_is_retried_opens_it_again(store: Store) -> None:
    await store.queue.submit_batch(submission("b"), Spread("zip", {"x": [1]}))
    await store.queue.cancel_batch("b")
    await store.queue.retry("b~0")
    assert not (await store.queue.batch("b")).ended
    await store.attempts.finish((await claimed(store)).lease, {})
    assert [entry.kind for entry in (await store.events.since(0)).entries].count("batch_finished") == 2


async def test_a_caller_that_goes_away_leaves_a_job_or_none(store: Store) -> None:
    tasks = [asyncio.create_task(submit(store, f"j{index}")) for index in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(each, asyncio.CancelledError) for each in done) == 10
    counts = (await store.queue.status()).counts
    assert counts["queued"] == 20, "a cancelled caller undoes nothing"
