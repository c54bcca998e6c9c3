"""The database's file: how it comes to be, how it is opened, and when it is refused.

It appears whole or not at all, so a file that is there and is not a database of ours is damaged or somebody
else's. It is then named and left as it is, for its owner to judge.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from graphengine.errors import StoreRefused
from graphengine.files.atomic import write_atomically
from graphengine.service.database.faults import unavailable
from graphengine.service.database.migrations import Step, migrate

APPLICATION = 0x67656E67
"""What SQLite's header says whose database this is: "geng"."""

LOCK_SECONDS = 2.0
"""How long a program of the owner's, a backup perhaps, may hold the database before an act fails."""

_WRITER = (
    "PRAGMA synchronous = FULL",  # a commit is on the disk when it returns
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = OFF",
    "PRAGMA cache_size = -2000",  # KiB; the system keeps the file in memory as well, and readers have as much each
    "PRAGMA journal_size_limit = 67108864",
)


def open_to_write(path: Path, steps: Sequence[Step]) -> sqlite3.Connection:
    """Return the one connection that writes, to a database in the current version; make it if there is none.

    Raises:
        StoreRefused: the file is damaged, newer, or not ours, or cannot be used.
    """
    try:
        if not path.exists():
            _create(path, steps)
        with suppress(OSError):  # somebody else's file is not ours to hide
            path.chmod(0o600)  # secrets that sign stand in it; SQLite gives its log the same rights
        connection = _connect(path, "rw")
        try:
            _adopt(connection, path, steps)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise _refusal(path, error) from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise StoreRefused(f"the database {path} cannot be opened: {reason}", "database_unreadable") from None
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Return a connection that cannot write, and that never does the log's housekeeping: the writer does."""
    connection = _connect(path, "ro")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=LOCK_SECONDS,
    )
    connection.row_factory = sqlite3.Row
    return connection


def _create(path: Path, steps: Sequence[Step]) -> None:
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        message = f"the database {path} is gone, but its log {log.name} is there: put the database back or remove both"
        raise StoreRefused(message, "database_corrupt")
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        migrate(connection, steps, "a new database")
        content = connection.serialize()
    finally:
        connection.close()
    write_atomically(path, content, overwrite=False)


def _adopt(connection: sqlite3.Connection, path: Path, steps: Sequence[Step]) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise StoreRefused(f"the file {path} is not a database of graphengine, or is damaged", "database_corrupt")
    if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
        message = f"the database {path} lies on a file system that cannot hold it: choose a local data folder"
        raise StoreRefused(message, "database_unreadable")
    for pragma in _WRITER:
        connection.execute(pragma)
    migrate(connection, steps, f"the database {path}")


def _refusal(path: Path, error: sqlite3.Error) -> StoreRefused:
    fault = unavailable(error)
    if fault is None:
        return StoreRefused(f"the database {path} cannot be used: {error}", "database_unreadable")
    return StoreRefused(f"the database {path} cannot be opened: {fault}", fault.code)
