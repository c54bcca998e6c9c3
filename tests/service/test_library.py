"""Saved workflows: versions, names, pictures."""

import asyncio

import pytest
from stores import claimed, document, submit

from graphengine.errors import Conflict, NotFound, Unacceptable
from graphengine.service.library import Thumbnail
from graphengine.service.store import Store

PICTURE = Thumbnail(b"\x89PNG", "image/png")


async def test_saving_makes_a_version_and_old_ones_stay(store: Store) -> None:
    for index in range(3):
        version = await store.library.save("portrait", document(title=f"t{index}"), owner="ann", note=f"n{index}")
        assert (version.version, version.title, version.note, version.owner) == (
            index + 1,
            f"t{index}",
            f"n{index}",
            "ann",
        )
    found, newest = await store.library.get("portrait")
    assert (found, newest) == (version, document(title="t2"))
    assert (await store.library.get("portrait", 1))[1] == document(title="t0")
    assert [each.version for each in await store.library.versions("portrait")] == [3, 2, 1]


async def test_the_same_again_is_no_new_version_but_a_return_is(store: Store) -> None:
    one, other = document(title="one"), document(title="other")
    for saved, expected in ((one, 1), (one, 1), (other, 2), (one, 3)):
        assert (await store.library.save("x", saved, owner="ann")).version == expected
    assert (await store.library.save("y", one, owner="ann")).version == 1


async def test_another_order_of_keys_is_another_version(store: Store) -> None:
    one, other = document(inputs={"a": 1, "b": 2}), document(inputs={"b": 2, "a": 1})
    await store.library.save("x", one, owner="ann")
    assert (await store.library.save("x", other, owner="ann")).version == 2
    assert list((await store.library.get("x"))[1]["inputs"]) == ["b", "a"]


async def test_who_edits_an_old_version_is_told(store: Store) -> None:
    await store.library.save("x", document(), owner="ann", expected=0)
    await store.library.save("x", document(title="ann's"), owner="ann", expected=1)
    for expected in (0, 1, 3):
        with pytest.raises(Conflict):
            await store.library.save("x", document(title="bob's"), owner="bob", expected=expected)
    saving = [store.library.save("x", document(title=f"{n}"), owner="ann", expected=2) for n in range(10)]
    results = await asyncio.gather(*saving, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in results) == 9
    assert len(await store.library.versions("x")) == 3


async def test_names_come_in_order_and_in_pages(store: Store) -> None:
    names = ["Zebra", "a b", "apple", "größe", "x/y", "日本"]
    for name in reversed(names):
        await store.library.save(name, document(title=name), owner="ann")
    assert [saved.name for saved in await store.library.list()] == names
    first = await store.library.list(limit=4)
    rest = await store.library.list(limit=4, after=first[-1].name)
    assert [saved.name for saved in (*first, *rest)] == names
    with pytest.raises(Unacceptable):
        await store.library.list(limit=0)


@pytest.mark.parametrize("name", ["", " x", "x ", "a\nb", "x\x00", "x" * 201])
async def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Unacceptable):
        await store.library.save(name, document(), owner="ann")


async def test_what_cannot_be_kept_is_refused(store: Store) -> None:
    with pytest.raises(Unacceptable):
        await store.library.save("x", document(), owner="ann", note="x" * 10_001)
    with pytest.raises(Unacceptable):
        await store.library.save("x", {"x": float("inf")}, owner="ann")
    assert (await store.library.save("x", {"title": 3}, owner="ann")).title == ""


async def test_a_picture_belongs_to_a_name(store: Store) -> None:
    await store.library.save("x", document(), owner="ann")
    with pytest.raises(NotFound):
        await store.library.thumbnail("x")
    await store.library.set_thumbnail("x", PICTURE)
    assert await store.library.thumbnail("x") == PICTURE
    assert [saved.has_thumbnail for saved in await store.library.list()] == [True]
    await store.library.save("x", document(title="new"), owner="ann")
    assert await store.library.thumbnail("x") == PICTURE
    await store.library.set_thumbnail("x", None)
    assert [saved.has_thumbnail for saved in await store.library.list()] == [False]
    for bad in (Thumbnail(b"x" * (2**20 + 1), "image/png"), Thumbnail(b"<svg/>", "image/svg+xml")):
        with pytest.raises(Unacceptable):
            await store.library.set_thumbnail("x", bad)
    for act in (store.library.set_thumbnail("y", PICTURE), store.library.thumbnail("y")):
        with pytest.raises(NotFound):
            await act


async def test_deleting_a_name_leaves_the_jobs_made_from_it(store: Store) -> None:
    await store.library.save("x", document(title="one"), owner="ann")
    await store.library.save("x", document(title="two"), owner="ann")
    job = await submit(store, "a", workflow=document(title="one"))
    await store.library.delete("x")
    assert (await store.document(job.workflow))["title"] == "one"
    for look in (
        store.library.get("x"),
        store.library.versions("x"),
        store.library.delete("x"),
        store.library.get("x", 1),
    ):
        with pytest.raises(NotFound):
            await look
    assert (await store.library.save("x", document(), owner="ann")).version == 1
    await store.attempts.finish((await claimed(store)).lease, {})
    await store.queue.delete("a")
    with pytest.raises(NotFound):
        await store.document(job.workflow)


async def test_a_version_that_is_not_there(store: Store) -> None:
    await store.library.save("x", document(), owner="ann")
    for version in (0, 2, -1):
        with pytest.raises(NotFound):
            await store.library.get("x", version)


async def test_a_saved_document_outlives_the_jobs_that_used_it(store: Store) -> None:
    saved = await store.library.save("x", document(title="kept"), owner="ann")
    await submit(store, "a", workflow=document(title="kept"))
    await store.queue.cancel("a")
    await store.queue.delete("a")
    assert (await store.document(saved.workflow))["title"] == "kept"
