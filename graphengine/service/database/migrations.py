"""Old databases to the current schema, step by step, each step in one transaction.

The version is written in the transaction of its step. Whoever is killed at any point leaves the old version or
the new one, and the next start goes on from there.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress

from graphengine.errors import StoreRefused

Step = Callable[[sqlite3.Connection], None]
"""What takes a database one version up. It neither begins nor ends a transaction."""


def statements(*texts: str) -> Step:
    """Return the step that executes these statements in order."""

    def step(connection: sqlite3.Connection) -> None:
        for text in texts:
            connection.execute(text)

    return step


def migrate(connection: sqlite3.Connection, steps: Sequence[Step], name: str) -> None:
    """Bring a database to the version ``len(steps)``.

    Args:
        connection: one without implicit transactions (``isolation_level=None``).
        name: what the database is called in a message.

    Raises:
        StoreRefused: a newer program wrote it; nothing was changed.
        sqlite3.Error: a step failed; the database has the version before it.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps):
        message = f"{name} has version {version}, and this program knows up to {len(steps)}: update graphengine"
        raise StoreRefused(message, "database_newer")
    for number, step in enumerate(steps[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            step(connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # some faults have rolled back by themselves
                connection.execute("ROLLBACK")
            raise
