"""Looking at jobs, and forgetting them."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from stores import Hands, claimed, document, run_through, submission, submit

from graphengine.errors import Conflict, NotFound, Unacceptable
from graphengine.service.limits import Limits
from graphengine.service.queue.listing import Filter
from graphengine.service.spread import Spread
from graphengine.service.store import Store


async def ids(store: Store, wanted: Filter, order: str = "oldest") -> list[str]:
    return [job.id for job in (await store.queue.list(wanted, order=order)).jobs]  # type: ignore[arg-type]


async def test_jobs_are_found_by_what_they_are(store: Store, hands: Hands) -> None:
    await submit(store, "a", title="A red circle", tags=("night",))
    hands.run(10)
    await submit(store, "b", "bob", title="A 100% blue_square")
    hands.run(10)
    await submit(store, "c", tags=("Circles",))
    await store.queue.submit_batch(submission("d"), Spread("zip", {"x": [1, 2]}))
    await claimed(store)
    await store.queue.cancel("c")
    start = (await store.queue.get("a")).created
    for wanted, expected in (
        (Filter(), ["a", "b", "c", "d~0", "d~1"]),
        (Filter(states=frozenset({"running"})), ["a"]),
        (Filter(states=frozenset({"running", "cancelled"})), ["a", "c"]),
        (Filter(states=frozenset()), []),
        (Filter(owner="bob"), ["b"]),
        (Filter(batch="d"), ["d~0", "d~1"]),
        (Filter(text="CIRCLE"), ["a", "c"]),
        (Filter(text="night"), ["a"]),
        (Filter(text="d~"), ["d~0", "d~1"]),
        (Filter(text="100%"), ["b"]),
        (Filter(text="%"), ["b"]),
        (Filter(text="blue_"), ["b"]),
        (Filter(text="_"), ["b"]),
        (Filter(text="\\"), []),
        (Filter(text="' OR 1=1 --"), []),
        (Filter(after=start + timedelta(seconds=5)), ["b", "c", "d~0", "d~1"]),
        (Filter(before=start + timedelta(seconds=5)), ["a"]),
        (Filter(after=start + timedelta(seconds=5), before=start + timedelta(seconds=15)), ["b"]),
        (Filter(owner="ann", states=frozenset({"queued"}), text="d"), ["d~0", "d~1"]),
    ):
        assert await ids(store, wanted) == expected, wanted
        assert await ids(store, wanted, "newest") == expected[::-1], wanted


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_pages_hold_each_job_once_whatever_comes_and_goes(store: Store, order: str) -> None:
    for index in range(25):
        await submit(store, f"j{index}")
    await run_through(store, most=10)
    seen: list[str] = []
    cursor = None
    for number in range(100):
        page = await store.queue.list(limit=7, cursor=cursor, order=order)  # type: ignore[arg-type]
        assert len(page.jobs) <= 7
        seen += [job.id for job in page.jobs]
        cursor = page.cursor
        if cursor is None:
            break
        await submit(store, f"new{number}")
        await store.queue.delete(f"j{number}")
    old = [id_ for id_ in seen if id_.startswith("j")]
    expected = [f"j{index}" for index in range(25)]
    if order == "oldest":
        assert old == expected
    else:
        assert old == [id_ for id_ in expected[::-1] if id_ in old]
        assert set(expected) - set(old) <= {"j0", "j1", "j2"}, "only what was deleted before it was its turn"


@pytest.mark.parametrize(
    "cursor", ["", "x", "am9iOg", "am9iOi0x", "am9iOjEyMzQ1Njc4OTAxMjM0NTY3ODkw", "ä", "am9iOjE=!"]
)
async def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(Unacceptable):
        await store.queue.list(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1_001])
async def test_a_page_has_a_size(store: Store, limit: int) -> None:
    with pytest.raises(Unacceptable):
        await store.queue.list(limit=limit)


async def test_what_is_not_there_is_said_to_be(store: Store) -> None:
    for look in (store.queue.get("x"), store.queue.batch("x"), store.queue.cancel("x"), store.queue.delete("x")):
        with pytest.raises(NotFound):
            await look


# ------------------------------------------------------------------ forgetting


async def documents(store: Store) -> int:
    return await store.database.read(
        lambda connection: connection.execute("SELECT count(*) FROM workflow").fetchone()[0]
    )


async def test_a_job_that_is_over_can_be_deleted_with_what_only_it_needs(store: Store) -> None:
    await submit(store, "a", workflow=document(title="a"))
    await submit(store, "b", workflow=document(title="b"))
    await submit(store, "c", workflow=document(title="a"))
    with pytest.raises(Conflict):
        await store.queue.delete("a")
    await claimed(store)
    with pytest.raises(Conflict):
        await store.queue.delete("a")
    await store.queue.cancel("b")
    await store.queue.cancel("c")
    await store.queue.delete("b")
    await store.queue.delete("c")
    with pytest.raises(NotFound):
        await store.queue.get("b")
    assert await documents(store) == 1
    assert await ids(store, Filter()) == ["a"]


async def test_all_that_is_over_is_deleted_for_one_or_for_all(store: Store) -> None:
    for index in range(9):
        await submit(store, f"j{index}", ("ann", "bob", "cy")[index % 3])
    await store.queue.submit_batch(submission("b", "bob"), Spread("zip", {"x": [1]}))
    await run_through(store, most=6)
    await store.queue.cancel("b~0")
    assert await store.queue.delete_ended("bob") == 3
    with pytest.raises(NotFound):
        await store.queue.batch("b")
    assert await store.queue.delete_ended() == 4
    assert await store.queue.delete_ended() == 0
    assert (await store.queue.status()).counts == {"queued": 3, "running": 0, "done": 0, "failed": 0, "cancelled": 0}


async def test_the_oldest_of_the_history_is_forgotten_by_when_it_ended(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, Limits(history=5))
    await submit(store, "waited", priority=-1)
    for index in range(10):
        await submit(store, f"j{index}", workflow=document(title=str(index)))
    await run_through(store)
    await store.queue.prune()
    assert await ids(store, Filter()) == ["waited", "j6", "j7", "j8", "j9"]
    assert await documents(store) == 5
    await store.close()


async def test_history_is_forgotten_by_itself(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, Limits(history=10, events=100))
    for index in range(450):
        await submit(store, f"j{index}")
        await store.queue.cancel(f"j{index}")

    async def count() -> Sequence[int]:
        counts = (await store.queue.status()).counts
        oldest = await store.database.read(lambda db: db.execute("SELECT count(*) FROM event").fetchone()[0])
        return counts["cancelled"], oldest

    await asyncio.sleep(0.2)
    assert max(await count()) < 600
    await store.queue.prune()
    assert await count() == (10, 100)
    await store.close()
