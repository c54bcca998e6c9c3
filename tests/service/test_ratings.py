"""What people think of results, and what of it is kept."""

import pytest
from stores import claimed, submit

from graphengine.errors import NotFound, Unacceptable
from graphengine.service.ratings import Rated
from graphengine.service.store import Store

ONE, TWO, THREE = (digit * 64 for digit in "abc")


async def made(store: Store, *digests: str, **inputs: int) -> str:
    """Return a job that is done, and has made results."""
    await submit(store, f"job-{digests[0][0]}", inputs=inputs)
    job = await claimed(store)
    await store.attempts.finish(job.lease, {"outputs": {}, "files": [{"digest": digest} for digest in digests]})
    return job.id


async def test_stars_are_kept_with_what_the_result_was_made_of(store: Store) -> None:
    job = await made(store, ONE, TWO, seed=3)
    rating = await store.ratings.rate("ann", Rated(job, TWO), 4)
    assert (rating.stars, rating.better, rating.second) == (4, None, None)
    assert (rating.first.job, rating.first.digest, dict(rating.first.inputs)) == (job, TWO, {"seed": 3})
    assert list(await store.ratings.list()) == [rating]
    await store.queue.delete(job)
    assert list(await store.ratings.list("ann", TWO)) == [rating]
    assert not await store.ratings.list("bob")
    assert not await store.ratings.list("ann", ONE)


async def test_who_rates_again_replaces_what_they_said(store: Store) -> None:
    job = await made(store, ONE)
    for owner, stars in (("ann", 1), ("bob", 3), ("ann", 5)):
        await store.ratings.rate(owner, Rated(job, ONE), stars)
    assert [(each.owner, each.stars) for each in await store.ratings.list()] == [("ann", 5), ("bob", 3)]


async def test_of_two_it_does_not_matter_which_is_the_first(store: Store) -> None:
    one, two = Rated(await made(store, ONE, seed=1), ONE), Rated(await made(store, TWO, seed=2), TWO)
    await store.ratings.compare("ann", two, one, "first")
    (rating,) = await store.ratings.list()
    assert rating.second is not None
    assert (rating.first.digest, rating.second.digest, rating.better, rating.stars) == (ONE, TWO, "second", None)
    assert (rating.first.inputs, rating.second.inputs) == ({"seed": 1}, {"seed": 2})
    await store.ratings.compare("ann", one, two, "neither")
    assert [each.better for each in await store.ratings.list(digest=TWO)] == ["neither"]


async def test_what_cannot_be_rated_is_refused(store: Store) -> None:
    job = await made(store, ONE)
    with pytest.raises(NotFound):
        await store.ratings.rate("ann", Rated("nothing", ONE), 3)
    with pytest.raises(Unacceptable, match="no such result"):
        await store.ratings.rate("ann", Rated(job, TWO), 3)
    for stars in (0, 6, -1):
        with pytest.raises(Unacceptable, match="1 to 5 stars"):
            await store.ratings.rate("ann", Rated(job, ONE), stars)
    with pytest.raises(Unacceptable, match="than itself"):
        await store.ratings.compare("ann", Rated(job, ONE), Rated(job, ONE), "first")
    for limit in (0, 1_001):
        with pytest.raises(Unacceptable):
            await store.ratings.list(limit=limit)
    assert not await store.ratings.list()


async def test_they_come_in_pages_and_are_forgotten_by_whose_they_are(store: Store) -> None:
    job = await made(store, ONE, TWO, THREE)
    for digest in (ONE, TWO, THREE):
        await store.ratings.rate("ann", Rated(job, digest), 2)
    (first,) = await store.ratings.list(limit=1)
    rest = await store.ratings.list(after=first.number)
    assert [each.first.digest for each in (first, *rest)] == [ONE, TWO, THREE]
    with pytest.raises(NotFound):
        await store.ratings.delete("bob", first.number)
    await store.ratings.delete("ann", first.number)
    await store.ratings.delete(None, rest[0].number)
    assert [each.first.digest for each in await store.ratings.list()] == [THREE]
