"""Forgetting: what clients delete, and what is older than what the service remembers."""

import sqlite3
from collections.abc import Sequence

from graphengine.errors import Conflict
from graphengine.service.database.writer import Transaction
from graphengine.service.documents import drop_unused
from graphengine.service.events import append
from graphengine.service.job import ENDED
from graphengine.service.limits import Limits
from graphengine.service.queue.change import count
from graphengine.service.queue.records import job_row

CHUNK = 200
"""How many jobs, and how many log entries times four, are forgotten in one act: others wait meanwhile."""


def delete(transaction: Transaction, id_: str, now: int) -> None:
    """Forget a job that is over; its log entries stay until they are old.

    Raises:
        Conflict: it waits or runs.
    """
    row = job_row(transaction.connection, id_)
    if row["state"] not in ENDED:
        raise Conflict(f"the job {id_} is {row['state']}: cancel it first")
    _remove(transaction, [row])
    append(transaction, now, "deleted", job=row["id"], owner=row["owner"])


def delete_ended(transaction: Transaction, owner: str | None, now: int) -> int:
    """Forget some jobs that are over, of one owner or of all, and return how many; 0 when none are left."""
    rows = transaction.execute(
        "SELECT * FROM job WHERE finish IS NOT NULL AND owner = coalesce(:owner, owner) ORDER BY finish LIMIT :most",
        {"owner": owner, "most": CHUNK},
    ).fetchall()
    _remove(transaction, rows)
    for row in rows:
        append(transaction, now, "deleted", job=row["id"], owner=row["owner"])
    return len(rows)


def prune(transaction: Transaction, limits: Limits) -> bool:
    """Forget some of what is too old, and return whether there is more."""
    return _prune_jobs(transaction, limits.history) | _prune_events(transaction, limits.events)


def _prune_jobs(transaction: Transaction, most: int) -> bool:
    ended: int = transaction.execute("SELECT sum(jobs) FROM tally WHERE state NOT IN ('queued', 'running')").fetchone()[
        0
    ]
    if ended <= most:
        return False
    rows = transaction.execute(
        "SELECT * FROM job WHERE finish IS NOT NULL ORDER BY finish LIMIT ?", (min(CHUNK, ended - most),)
    ).fetchall()
    _remove(transaction, rows)
    return ended - len(rows) > most


def _prune_events(transaction: Transaction, most: int) -> bool:
    oldest, newest = transaction.execute("SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM event").fetchone()
    last = min(newest - most, oldest + 4 * CHUNK - 1)
    if last < oldest:
        return False
    transaction.execute("DELETE FROM event WHERE seq <= ?", (last,))
    return bool(newest - most > last)


def _remove(transaction: Transaction, rows: Sequence[sqlite3.Row]) -> None:
    for row in rows:
        transaction.execute("DELETE FROM job WHERE seq = ?", (row["seq"],))
        count(transaction, row["state"], -1)
    transaction.connection.executemany(
        "DELETE FROM batch WHERE id = :id AND NOT EXISTS (SELECT 1 FROM job WHERE batch = :id)",
        [{"id": each} for each in {row["batch"] for row in rows} - {None}],
    )
    drop_unused(transaction, [row["workflow"] for row in rows])
