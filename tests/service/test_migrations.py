"""Steps from old databases to new ones: each whole or not at all."""

import sqlite3
from collections.abc import Sequence

import pytest

from graphengine.errors import StoreRefused
from graphengine.service.database.migrations import Step, migrate, statements
from graphengine.service.database.schema import STEPS
from graphengine.service.queue.records import find_job


def fresh() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def tables(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]


CHAIN: Sequence[Step] = (
    statements("CREATE TABLE a (x)", "INSERT INTO a VALUES (1), (2)"),
    statements("CREATE TABLE b AS SELECT x + 1 AS y FROM a", "DROP TABLE a"),
    statements("ALTER TABLE b ADD COLUMN z"),
)


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_a_database_of_any_age_becomes_the_newest(start: int) -> None:
    connection = fresh()
    migrate(connection, CHAIN[:start], "it")
    assert version(connection) == start
    migrate(connection, CHAIN, "it")
    assert (version(connection), tables(connection)) == (3, ["b"])
    assert connection.execute("SELECT y, z FROM b").fetchall() == [(2, None), (3, None)]
    connection.close()


def test_a_step_that_fails_leaves_the_version_before_it() -> None:
    broken = (*CHAIN[:1], statements("CREATE TABLE c (x)", "INSERT INTO nothing VALUES (1)"))
    connection = fresh()
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken, "it")
    assert (version(connection), tables(connection), connection.in_transaction) == (1, ["a"], False)
    migrate(connection, CHAIN, "it")
    assert tables(connection) == ["b"]
    connection.close()


def test_a_newer_database_is_refused_untouched() -> None:
    connection = fresh()
    migrate(connection, CHAIN, "it")
    with pytest.raises(StoreRefused, match="it has version 3, and this program knows up to 2"):
        migrate(connection, CHAIN[:2], "it")
    assert (version(connection), tables(connection)) == (3, ["b"])
    connection.close()


def test_the_schema_of_every_step_is_sound() -> None:
    connection = fresh()
    for number in range(len(STEPS) + 1):
        migrate(connection, STEPS[:number], "it")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_jobs_of_before_have_no_lock() -> None:
    connection = fresh()
    migrate(connection, STEPS[:3], "it")
    connection.execute("INSERT INTO workflow VALUES ('d', '{}')")
    connection.execute(
        "INSERT INTO job (seq, id, owner, body, state, priority, rank, weights, workflow, inputs, title, tags, created)"
        " VALUES (1, 'old', 'ann', '', 'done', 0, 1, '', 'd', '{}', '', '[]', 1)"
    )
    connection.row_factory = sqlite3.Row
    migrate(connection, STEPS, "it")
    assert find_job(connection, "old").lock is None
    connection.close()
