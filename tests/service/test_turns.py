"""Whose turn it is: order, fairness, affinity, and every way to change the order."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import assert_counts, claimed, run_through, submission, submit

from graphengine.errors import Conflict, NotFound, ServiceError, Unacceptable
from graphengine.service.job import Lease
from graphengine.service.limits import Limits
from graphengine.service.queue.change import GAP
from graphengine.service.queue.turns import LOOK_AHEAD
from graphengine.service.store import Store


async def upcoming(store: Store) -> list[str]:
    return [job.id for job in await store.queue.upcoming(1_000)]


# ------------------------------------------------------------------ order


async def test_first_come_first_served(store: Store) -> None:
    names = [f"j{index}" for index in range(50)]
    for name in names:
        await submit(store, name)
    assert await upcoming(store) == names
    assert await run_through(store) == names


async def test_higher_priorities_go_first(store: Store) -> None:
    for index in range(20):
        await submit(store, f"j{index}", priority=(0, 5, -5, 100)[index % 4])
    order = await run_through(store)
    assert order == [f"j{index}" for start in (3, 1, 0, 2) for index in range(start, 20, 4)]


async def test_owners_take_turns(store: Store) -> None:
    for owner, number in (("ann", 6), ("bob", 3), ("cy", 1)):
        for index in range(number):
            await submit(store, f"{owner}{index}", owner)
    expected = ["ann0", "bob0", "cy0", "ann1", "bob1", "ann2", "bob2", "ann3", "ann4", "ann5"]
    assert await upcoming(store) == expected
    assert await run_through(store) == expected


async def test_who_comes_late_waits_one_round_and_owes_nothing(store: Store) -> None:
    for index in range(40):
        await submit(store, f"ann{index}")
    await run_through(store, most=20)
    for index in range(5):
        await submit(store, f"bob{index}", "bob")
    order = await run_through(store)
    assert order.index("bob0") <= 1
    assert order.index("bob4") <= 9, "twenty rounds of before are not made up for"


async def test_one_at_a_time_wins_nothing(store: Store) -> None:
    for index in range(20):
        await submit(store, f"ann{index}")
    await submit(store, "bob0", "bob")
    order = []
    for index in range(1, 20):
        job = await claimed(store)
        order.append(job.owner)
        if job.owner == "bob":
            await submit(store, f"bob{index}", "bob")
    assert abs(order.count("ann") - order.count("bob")) <= 1


# ------------------------------------------------------------------ affinity


async def test_jobs_whose_models_are_loaded_go_first_within_bounds(store: Store) -> None:
    for index in range(20):
        await submit(store, f"j{index}", weights="a" if index % 2 else "b")
    order = await run_through(store, "a")
    assert order == ["j1", "j3", "j5", "j0", "j7", "j9", "j11", "j2", "j13", "j15", "j17", "j4", "j19"] + [
        f"j{index}" for index in (6, 8, 10, 12, 14, 16, 18)
    ], "each first job is overtaken three times"


async def test_affinity_changes_nobody_s_share(store: Store) -> None:
    for index in range(30):
        await submit(store, f"ann{index}", "ann", weights="a")
        await submit(store, f"bob{index}", "bob", weights="b")
        await submit(store, f"cy{index}", "cy", weights="a" if index % 2 else "b")
    owners = [(await store.queue.get(id_)).owner for id_ in await run_through(store, "a", most=60)]
    for rounds in range(1, 20):
        assert set(Counter(owners[: 3 * rounds]).values()) == {rounds}


async def test_affinity_saves_changes_of_models_between_owners(store: Store) -> None:
    for index in range(10):
        for owner in ("ann", "bob"):
            await submit(store, f"{owner}{index}", owner, weights=owner)
    loaded, changes = "", 0
    while job := await store.attempts.claim(loaded):
        changes += job.weights != loaded
        loaded = job.weights
    assert changes == 11, "and not 20"


async def test_affinity_never_crosses_priorities_and_empty_weights_match_nothing(store: Store) -> None:
    await submit(store, "low", weights="a")
    await submit(store, "high", priority=1, weights="b")
    await submit(store, "none")
    assert await run_through(store, "a") == ["high", "low", "none"]
    await submit(store, "x", weights="a")
    await submit(store, "y")
    assert await run_through(store, "") == ["x", "y"]


async def test_affinity_looks_only_so_far(store: Store) -> None:
    for index in range(LOOK_AHEAD + 5):
        await submit(store, f"ann{index}", "ann", weights="a")
    await submit(store, "bob0", "bob", weights="b")
    await submit(store, "bob1", "bob", weights="a")
    order = await run_through(store, "a")
    assert order[:3] == ["ann0", "bob0", "ann1"], "ann's jobs fill the view, and it is bob's turn"


# ------------------------------------------------------------------ moving


async def test_a_job_moves_to_the_front(store: Store) -> None:
    for index in range(5):
        await submit(store, f"j{index}")
    await store.queue.move_to_front("j3")
    await store.queue.move_to_front("j4")
    await store.queue.move_to_front("j4")
    assert await run_through(store) == ["j4", "j3", "j0", "j1", "j2"]


async def test_a_job_moves_before_another(store: Store) -> None:
    for index in range(5):
        await submit(store, f"j{index}")
    await store.queue.move_before("j4", "j1")
    await store.queue.move_before("j0", "j3")
    await store.queue.move_before("j2", "j2")
    await store.queue.move_before("j2", "j3")
    assert await run_through(store) == ["j4", "j1", "j0", "j2", "j3"]


async def test_room_between_two_jobs_never_runs_out(store: Store) -> None:
    for index in range(4):
        await submit(store, f"j{index}")
    moves = 3 * GAP.bit_length()
    for index in range(moves):
        await store.queue.move_before(f"j{1 + index % 2}", "j3")
    assert await upcoming(store) == ["j0", "j2", "j1", "j3"]
    await submit(store, "later")
    assert await run_through(store) == ["j0", "j2", "j1", "j3", "later"]


async def test_a_job_moves_into_another_priority(store: Store) -> None:
    for index in range(3):
        await submit(store, f"j{index}")
        await submit(store, f"k{index}", priority=1)
    await store.queue.prioritize("j2", 1)
    await store.queue.prioritize("k0", 0)
    await store.queue.move_before("j0", "k2")
    await store.queue.prioritize("j1", 0)
    assert await run_through(store) == ["k1", "j2", "j0", "k2", "k0", "j1"]


async def test_a_move_that_means_nothing_is_refused(store: Store) -> None:
    await submit(store, "a")
    await submit(store, "b", "bob")
    await submit(store, "running", priority=1)
    await claimed(store)
    for move, error in (
        (store.queue.move_before("a", "b"), Conflict),
        (store.queue.move_before("a", "running"), Conflict),
        (store.queue.move_to_front("running"), Conflict),
        (store.queue.prioritize("running", 1), Conflict),
        (store.queue.prioritize("a", 101), Unacceptable),
        (store.queue.move_to_front("nothing"), NotFound),
        (store.queue.move_before("a", "nothing"), NotFound),
    ):
        with pytest.raises(error):
            await move


# ------------------------------------------------------------------ pausing


async def test_a_paused_queue_begins_nothing_and_takes_jobs(store: Store) -> None:
    await store.queue.pause()
    await store.queue.pause()
    await submit(store, "a")
    assert await store.attempts.claim() is None
    assert (await store.queue.status()).paused
    await store.queue.resume()
    assert await run_through(store) == ["a"]
    kinds = [entry.kind for entry in (await store.events.since(0)).entries]
    assert (kinds.count("paused"), kinds.count("resumed")) == (1, 1)


async def test_a_pause_outlives_the_engine(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    await store.queue.pause()
    await submit(store, "a")
    await store.close()
    store = await Store.open(tmp_path)
    assert (await store.queue.status()).paused
    assert await store.attempts.claim() is None
    await store.close()


# ------------------------------------------------------------------ whatever happens, in whatever order

OWNERS = ("ann", "bob", "cy")
ACTS = (
    *("submit", "submit", "submit", "claim", "claim", "finish", "release", "interrupt", "cancel", "retry"),
    *("front", "before", "prioritize", "delete", "pause", "resume"),
)
Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.integers(0, 20),
        st.integers(0, 20),
    ),
    max_size=60,
)


async def play(store: Store, steps: list[Step]) -> None:
    """Do what the steps say, as far as it is allowed, and see after each that the counts are true."""
    names: list[str] = []

    def name(number: int) -> str:
        return names[number % len(names)] if names else "nothing"

    async def submit_one(a: int, b: int) -> None:
        names.append(f"j{len(names)}")
        await store.queue.submit(submission(names[-1], OWNERS[a % 3], priority=b % 2, weights=("", "a", "b")[a % 3]))

    async def claim(a: int, b: int) -> None:
        expected = await upcoming(store)
        paused = (await store.queue.status()).paused
        job = await store.attempts.claim()
        assert (job and job.id) == (expected[0] if expected and not paused else None)

    async def end(number: int, act: Callable[[Lease], Awaitable[object]]) -> None:
        await act((await store.queue.get(name(number))).lease)

    acts: dict[str, Callable[[int, int], Awaitable[object]]] = {
        "submit": submit_one,
        "claim": claim,
        "finish": lambda a, b: end(a, lambda lease: store.attempts.finish(lease, {})),
        "release": lambda a, b: end(a, store.attempts.release),
        "interrupt": lambda a, b: end(a, store.attempts.interrupt),
        "cancel": lambda a, b: store.queue.cancel(name(a)),
        "retry": lambda a, b: store.queue.retry(name(a)),
        "front": lambda a, b: store.queue.move_to_front(name(a)),
        "before": lambda a, b: store.queue.move_before(name(a), name(b)),
        "prioritize": lambda a, b: store.queue.prioritize(name(a), b % 2),
        "delete": lambda a, b: store.queue.delete(name(a)),
        "pause": lambda a, b: store.queue.pause(),
        "resume": lambda a, b: store.queue.resume(),
    }
    for act, a, b in steps:
        with suppress(ServiceError):
            await acts[act](a, b)
        await assert_counts(store)
    await store.queue.resume()
    expected = await upcoming(store)
    assert await run_through(store) == expected


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_jobs_begin_in_the_order_that_was_foretold(steps: list[Step]) -> None:
    async def go(folder: Path) -> None:
        store = await Store.open(folder, Limits(queued=12))
        try:
            await play(store, steps)
        finally:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(Path(folder)))
