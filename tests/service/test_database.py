"""The database: shared commits, honest faults, and files that are refused rather than replaced."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from stores import submission, submit

from graphengine.errors import Conflict, StoreRefused, StoreUnavailable
from graphengine.service.database import database as database_module
from graphengine.service.database import file as file_module
from graphengine.service.database.database import PROBE, Database
from graphengine.service.database.file import open_to_write
from graphengine.service.database.migrations import statements
from graphengine.service.database.writer import MOST_ACTS, Transaction
from graphengine.service.store import NAME, Store

STEPS = (statements(PROBE, "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "test.sqlite"


def insert(name: str) -> Callable[[Transaction], int]:
    def act(transaction: Transaction) -> int:
        transaction.outbox.append(name)
        return transaction.execute("INSERT INTO item (name) VALUES (?)", (name,)).lastrowid or 0

    return act


async def names(database: Database) -> list[str]:
    return await database.read(lambda db: [row[0] for row in db.execute("SELECT name FROM item ORDER BY id")])


def code(error: pytest.ExceptionInfo[StoreUnavailable] | pytest.ExceptionInfo[StoreRefused]) -> str:
    return error.value.code


# ------------------------------------------------------------------ acts and commits


async def test_what_comes_together_is_committed_together_and_in_order(path: Path) -> None:
    database = await Database.open(path, STEPS)
    traced: list[str] = []
    published: list[str] = []
    database._connection.set_trace_callback(traced.append)
    database.listen(published.extend)
    await database._verification
    wanted = [f"n{index}" for index in range(5 * MOST_ACTS)]
    ids = await asyncio.gather(*[database.write(insert(name)) for name in wanted])
    assert ids == list(range(1, len(wanted) + 1))
    assert published == wanted == await names(database)
    assert 5 <= traced.count("COMMIT") <= 10
    await database.close()


async def test_an_act_that_refuses_is_undone_alone(path: Path) -> None:
    database = await Database.open(path, STEPS)
    published: list[str] = []
    database.listen(published.extend)

    def refuse(error: Exception) -> Callable[[Transaction], None]:
        def act(transaction: Transaction) -> None:
            insert(str(error))(transaction)
            raise error

        return act

    acts = [insert("a"), refuse(Conflict("no")), insert("b"), refuse(ZeroDivisionError("oh")), insert("a"), insert("c")]
    results = await asyncio.gather(*[database.write(act) for act in acts], return_exceptions=True)
    assert [type(each) for each in results] == [int, Conflict, int, ZeroDivisionError, sqlite3.IntegrityError, int]
    assert published == await names(database) == ["a", "b", "c"]
    await database.close()


async def test_a_commit_that_fails_undoes_all_and_tells_all(path: Path) -> None:
    database = await Database.open(path, STEPS)
    published: list[str] = []
    database.listen(published.extend)
    await database.write(insert("before"))
    pages = database._connection.execute("PRAGMA page_count").fetchone()[0]
    database._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    acts = [insert("small"), insert("x" * 100_000), insert("after")]
    results = await asyncio.gather(*[database.write(act) for act in acts], return_exceptions=True)
    assert [isinstance(each, StoreUnavailable) and each.code for each in results] == ["disk_full"] * 3
    assert published == await names(database) == ["before"]
    assert (await database.health()).reason == "the disk is full"
    database._connection.execute("PRAGMA max_page_count = 1000000")
    await asyncio.gather(*[database.write(act) for act in acts])
    assert len(await names(database)) == 4
    await database.close()


async def test_a_look_sees_one_moment_and_changes_nothing(path: Path) -> None:
    database = await Database.open(path, STEPS)
    for statement in ("INSERT INTO item (name) VALUES ('b')", "CREATE TABLE x (y)", "PRAGMA user_version = 7"):
        with pytest.raises(StoreUnavailable):
            await database.read(lambda db, text=statement: db.execute(text).fetchall())  # type: ignore[misc]
    await database.close()


async def test_a_closed_database_says_so_after_what_waited_is_committed(path: Path) -> None:
    database = await Database.open(path, STEPS)
    waiting = [asyncio.create_task(database.write(insert(f"n{index}"))) for index in range(50)]
    await asyncio.sleep(0)
    await database.close()
    assert len(await asyncio.gather(*waiting)) == 50
    for act in (database.write(insert("late")), names(database)):
        with pytest.raises(StoreUnavailable) as caught:
            await act
        assert code(caught) == "closed"
    await database.close()
    assert sorted(each.name for each in path.parent.iterdir()) == ["service.lock", "test.sqlite"]
    database = await Database.open(path, STEPS)
    assert len(await names(database)) == 50
    await database.close()


# ------------------------------------------------------------------ faults while it works


async def test_a_database_that_is_locked_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "LOCK_SECONDS", 0.05)
    database = await Database.open(path, STEPS)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as caught:
        await database.write(insert("a"))
    assert code(caught) == "database_locked"
    assert (await database.health()).reason == "another program holds the database locked"
    assert await names(database) == [], "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    await database.write(insert("a"))
    await database.close()


async def test_health_is_true_again_when_the_fault_is_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "PROBE_EVERY", 0.0)
    database = await Database.open(path, STEPS)
    assert (await database.health()).ready
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 2**20))
        health = await database.health()
        assert (health.ready, health.reason) == (False, "the disk is full: 3 MiB are free")
    assert (await database.health()).ready
    await database.write(lambda tx: tx.execute("DROP TABLE probe"))
    assert (await database.health()).reason == "the database does not work"
    await database.close()
    assert (await database.health()).reason == "the service is closed"


async def test_a_writer_that_is_stuck_does_not_look_healthy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "PROBE_SECONDS", 0.05)
    database = await Database.open(path, STEPS)
    going = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait(_: Transaction) -> None:
        asyncio.run_coroutine_threadsafe(going.wait(), loop).result()

    stuck = asyncio.create_task(database.write(wait))
    await asyncio.sleep(0.01)
    assert (await database.health()).reason == "the database does not answer"
    going.set()
    await stuck
    await database.close()


async def test_asking_often_costs_one_probe(path: Path) -> None:
    database = await Database.open(path, STEPS)
    traced: list[str] = []
    database._connection.set_trace_callback(traced.append)
    await asyncio.gather(*[database.health() for _ in range(100)])
    assert traced.count("COMMIT") == 1
    await database.close()


async def test_damage_in_the_middle_is_found_behind_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = await Store.open(tmp_path)
    for index in range(100):
        await submit(store, f"j{index}", workflow={"filler": f"{index}" * 2_000})
    await store.close()
    path = tmp_path / NAME
    garble(path)
    store = await Store.open(tmp_path)
    await store.database._verification
    assert (await store.health()).reason == "the database file is damaged"
    assert str(path) in caplog.text
    with pytest.raises(StoreUnavailable) as caught:
        for index in range(100):
            await store.document((await store.queue.get(f"j{index}")).workflow)
    assert code(caught) == "database_corrupt"
    await store.close()


def garble(path: Path) -> None:
    """Damage the documents in a database, as a bad disk might: the pages with a long text."""
    content = bytearray(path.read_bytes())
    for start in range(100 * 4_096, len(content), 4_096):
        content[start : start + 100] = b"\xa5" * 100
    path.write_bytes(content)


# ------------------------------------------------------------------ files that are refused


def made(path: Path) -> bytes:
    """Make a database with something in it, and return its bytes."""
    path.parent.mkdir(exist_ok=True)
    connection = open_to_write(path, STEPS)
    connection.execute("INSERT INTO item (name) VALUES (?)", (LONG,))
    connection.close()
    return path.read_bytes()


def found(path: Path) -> list[str]:
    """Open a database, and return the names in it."""
    connection = open_to_write(path, STEPS)
    names = [row[0] for row in connection.execute("SELECT name FROM item")]
    connection.close()
    return names


def foreign(path: Path) -> bytes:
    connection = sqlite3.connect(path.with_name("foreign"))
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    return path.with_name("foreign").read_bytes()


LONG = "x" * 20_000
BAD_FILES: dict[str, Callable[[Path, bytes], bytes]] = {
    "empty": lambda path, whole: b"",
    "no database": lambda path, whole: b"not a database" * 1_000,
    "zeros": lambda path, whole: bytes(len(whole)),
    "cut short": lambda path, whole: whole[:4_096],
    "cut in the header": lambda path, whole: whole[:50],
    "somebody else's": lambda path, whole: foreign(path),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_is_no_database_of_ours_is_named_and_left_alone(path: Path, kind: str) -> None:
    content = BAD_FILES[kind](path, made(path))
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(StoreRefused) as caught:
            open_to_write(path, STEPS)
        message = str(caught.value)
        assert (code(caught), str(path) in message, "\n" in message) == ("database_corrupt", True, False)
        assert path.read_bytes() == content


def test_a_log_without_its_database_is_not_taken_for_a_new_one(path: Path) -> None:
    whole = made(path)
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(b"log")
    path.unlink()
    with pytest.raises(StoreRefused) as caught:
        open_to_write(path, STEPS)
    assert (code(caught), log.name in str(caught.value), path.exists()) == ("database_corrupt", True, False)
    log.unlink()
    path.write_bytes(whole)
    assert found(path) == [LONG]


def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    content = made(path)
    with pytest.raises(StoreRefused) as caught:
        open_to_write(path, ())
    assert code(caught) == "database_newer"
    assert "version 1, and this program knows up to 0" in str(caught.value)
    assert path.read_bytes() == content


async def test_a_place_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "test.sqlite").mkdir(parents=True)
    for path in (tmp_path / "file" / "test.sqlite", tmp_path / "folder" / "test.sqlite"):
        with pytest.raises(StoreRefused) as caught:
            await Database.open(path, STEPS)
        assert code(caught) in ("database_unreadable", "database_failed")


def test_a_database_that_was_copied_is_taken_as_it_is(path: Path, tmp_path: Path) -> None:
    made(path)
    copy = tmp_path / "ä copy?mode=memory&x=%20#" / "test.sqlite"
    copy.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    assert found(copy) == [LONG]


# ------------------------------------------------------------------ R20: one engine


SECOND = """
import asyncio, sys
from pathlib import Path
from graphengine.errors import StoreRefused
from graphengine.service.store import Store
try:
    asyncio.run(Store.open(Path(sys.argv[1])))
except StoreRefused as error:
    sys.exit(str(error))
"""


async def test_a_second_engine_is_refused_in_one_line(tmp_path: Path) -> None:
    store = await Store.open(tmp_path)
    with pytest.raises(StoreRefused) as caught:
        await Store.open(tmp_path)
    assert code(caught) == "data_folder_in_use"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SECOND, str(tmp_path), stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert (process.returncode, said.count(b"\n")) == (1, 1)
    assert f"{tmp_path} is in use by process {os.getpid()}" in said.decode()
    await store.queue.submit(submission("still-works"))
    await store.close()
    store = await Store.open(tmp_path)
    await store.close()


async def test_nobody_else_may_read_it(path: Path) -> None:
    """Signing secrets stand in it; a file of an older version is hidden when it is opened."""
    for _ in range(2):
        database = await Database.open(path, STEPS)
        await database.write(insert(f"n{_}"))
        files = await asyncio.to_thread(
            lambda: [each.stat().st_mode & 0o077 for each in path.parent.glob(f"{path.name}*")]
        )
        assert files == [0] * len(files)
        assert len(files) >= 2, "the log as well"
        await database.close()
        await asyncio.to_thread(path.chmod, 0o644)
