"""Watched folders: a job for each file that came to rest, once, whatever ends in between."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stores import document, reopened, submit

from graphengine.errors import StoreUnavailable, Unacceptable
from graphengine.files.roots import Roots
from graphengine.service.clock import Clock
from graphengine.service.limits import Limits
from graphengine.service.schedule import scan as scan_module
from graphengine.service.schedule.folders import FolderWatch
from graphengine.service.schedule.happening import Folder
from graphengine.service.schedule.misfire import Misfire
from graphengine.service.schedule.schedule import Draft
from graphengine.service.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs" / "scans"
    folder.mkdir(parents=True)
    return folder


def watch(store: Store, folder: Path, limits: Limits | None = None) -> FolderWatch:
    roots = Roots({"inputs": [folder.parent]})
    return FolderWatch(store.database, limits or Limits(), Clock(), roots)


def draft(**fields: Any) -> Draft:
    chosen = {"folder": "scans", "input": "image", **fields}
    return Draft("scans", "ann", Folder(**chosen), document(title="scanned"))


async def looked(watch: FolderWatch, times: int = 2) -> list[str]:
    return [id_ for _ in range(times) for id_ in await watch.look(everywhere=True)]


async def values(store: Store, ids: list[str]) -> list[Any]:
    return [(await store.queue.get(id_)).inputs["image"] for id_ in ids]


async def test_a_file_that_came_to_rest_makes_one_job(store: Store, folder: Path) -> None:
    (folder / "old.png").write_bytes(b"old")
    await store.schedules.save(draft())
    eyes = watch(store, folder)
    assert await looked(eyes) == []
    (folder / "b.png").write_bytes(b"b")
    (folder / "a.png").write_bytes(b"a")
    assert await looked(eyes, 1) == []
    made = await looked(eyes, 1)
    assert await values(store, made) == ["inputs:scans/a.png", "inputs:scans/b.png"]
    assert all(id_.startswith("scans~f") for id_ in made)
    assert await looked(eyes, 3) == []
    schedule = await store.schedules.get("scans")
    assert (schedule.fired, schedule.problem, schedule.due) == (2, "", None)
    assert schedule.last is not None


async def test_a_file_that_is_still_written_waits(store: Store, folder: Path) -> None:
    await store.schedules.save(draft())
    eyes = watch(store, folder)
    await looked(eyes)
    for size in range(1, 4):
        (folder / "big.png").write_bytes(b"x" * size)
        assert await looked(eyes, 1) == []
    assert await values(store, await looked(eyes, 1)) == ["inputs:scans/big.png"]


async def test_a_file_that_changes_or_comes_back_makes_another(store: Store, folder: Path) -> None:
    await store.schedules.save(draft())
    eyes = watch(store, folder)
    await looked(eyes)
    path = folder / "a.png"
    path.write_bytes(b"one")
    assert len(await looked(eyes)) == 1
    path.write_bytes(b"three")
    assert len(await looked(eyes)) == 1
    times = path.stat()
    path.unlink()
    assert await looked(eyes) == []
    path.write_bytes(b"three")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert len(await looked(eyes)) == 1


async def test_what_was_there_before_counts_where_that_is_wanted(store: Store, folder: Path) -> None:
    (folder / "old.png").write_bytes(b"old")
    await store.schedules.save(draft(existing=True))
    assert await values(store, await looked(watch(store, folder))) == ["inputs:scans/old.png"]


@pytest.mark.parametrize("name", [".hidden.png", "a.txt", "back\\slash.png", "new\nline.png", b"\xff.png"])
async def test_what_does_not_count_makes_no_job(store: Store, folder: Path, name: str | bytes) -> None:
    await store.schedules.save(draft(pattern="*.png"))
    eyes = watch(store, folder)
    await looked(eyes)
    (folder / os.fsdecode(name)).touch()
    (folder / "folder.png").mkdir()
    (folder / "outside").write_bytes(b"x")
    (folder / "link.png").symlink_to(folder / "outside")
    assert await looked(eyes) == []


async def test_what_came_while_nobody_was_there_is_found(tmp_path: Path, folder: Path) -> None:
    store = await Store.open(tmp_path / "data")
    await store.schedules.save(draft())
    eyes = watch(store, folder)
    (folder / "a.png").write_bytes(b"a")
    await looked(eyes)
    (folder / "b.png").write_bytes(b"b")
    assert len(await looked(eyes)) == 1
    store = await reopened(store, tmp_path / "data")
    (folder / "c.png").write_bytes(b"c")
    assert await values(store, await looked(watch(store, folder))) == ["inputs:scans/c.png"]
    await store.close()


@pytest.mark.parametrize("crash", ["before", "after"])
async def test_a_crash_around_the_commit_loses_and_doubles_nothing(
    tmp_path: Path, folder: Path, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(tmp_path / "data")
    await store.schedules.save(draft())
    eyes = watch(store, folder)
    await looked(eyes)
    (folder / "a.png").write_bytes(b"a")
    await looked(eyes, 1)
    write = store.database.write

    async def dying(act: Any) -> Any:
        if crash == "after":
            await write(act)
        raise StoreUnavailable("the power is gone", "database_failed")

    monkeypatch.setattr(store.database, "write", dying)
    with pytest.raises(StoreUnavailable):
        await eyes.look(everywhere=True)
    monkeypatch.undo()
    store = await reopened(store, tmp_path / "data")
    await looked(watch(store, folder), 3)
    assert len((await store.queue.list()).jobs) == 1
    await store.close()


async def test_a_schedule_that_was_off_passes_over_what_came_meanwhile(store: Store, folder: Path) -> None:
    await store.schedules.save(draft(existing=True))
    eyes = watch(store, folder)
    await looked(eyes)
    await store.schedules.enable("scans", enabled=False)
    (folder / "a.png").write_bytes(b"a")
    assert await looked(eyes) == []
    await store.schedules.enable("scans", enabled=True)
    assert await looked(eyes) == []
    (folder / "b.png").write_bytes(b"b")
    assert await values(store, await looked(eyes)) == ["inputs:scans/b.png"]


async def test_another_folder_begins_anew(store: Store, folder: Path) -> None:
    await store.schedules.save(draft())
    eyes = watch(store, folder)
    await looked(eyes)
    other = folder.parent / "other"
    other.mkdir()
    (other / "a.png").write_bytes(b"a")
    await store.schedules.save(draft(folder="inputs:other"))
    assert await looked(eyes) == []
    (other / "b.png").write_bytes(b"b")
    (folder / "c.png").write_bytes(b"c")
    assert await values(store, await looked(eyes)) == ["inputs:other/b.png"]


async def test_a_full_queue_is_waited_for(store: Store, folder: Path) -> None:
    await store.schedules.save(draft())
    eyes = watch(store, folder, Limits(queued=200))
    await looked(eyes)
    for index in range(200):
        await submit(store, f"j{index}")
    (folder / "a.png").write_bytes(b"a")
    assert await looked(eyes) == []
    assert "jobs wait" in (await store.schedules.get("scans")).problem
    await store.queue.cancel("j0")
    assert len(await looked(eyes, 1)) == 1
    assert (await store.schedules.get("scans")).problem == ""


async def test_what_is_wrong_is_told_until_it_is_right(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.schedules.save(replace(draft(), workflow=None, name="flow"))
    eyes = watch(store, folder)
    await looked(eyes)
    moved = folder.with_name("elsewhere")
    await asyncio.to_thread(folder.rename, moved)
    await looked(eyes)
    assert "there is no file 'inputs:scans'" in (await store.schedules.get("scans")).problem
    await asyncio.to_thread(moved.rename, folder)
    await looked(eyes)
    assert (await store.schedules.get("scans")).problem == ""
    (folder / "a.png").write_bytes(b"a")
    await looked(eyes)
    assert (await store.schedules.get("scans")).problem == "there is no workflow called 'flow'"
    await store.library.save("flow", document(), owner="ann")
    assert len(await looked(eyes, 1)) == 1
    monkeypatch.setattr(scan_module, "MOST_FILES", 3)
    for name in "bcd":
        (folder / name).write_bytes(b"")
    assert await looked(eyes) == []
    assert "more than 3 files" in (await store.schedules.get("scans")).problem


@pytest.mark.parametrize(
    "fields",
    [
        {"folder": ""},
        {"folder": "models:scans"},
        {"folder": "assets:x"},
        {"folder": "C:/scans"},
        {"input": ""},
        {"pattern": ""},
        {"seconds": 0},
        {"seconds": 3_601},
    ],
)
def test_what_is_no_folder_to_watch_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Unacceptable):
        draft(**fields)


async def test_what_waits_for_no_time_has_no_misfire_policy(store: Store) -> None:
    with pytest.raises(Unacceptable, match="misfire"):
        await store.schedules.save(replace(draft(), misfire=Misfire("all")))
