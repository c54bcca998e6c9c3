"""What clients do to jobs that are there: cancel, retry, put in another place, pause everything."""

import sqlite3
from collections.abc import Sequence

from graphengine.errors import Conflict, Unacceptable
from graphengine.service.database.writer import Transaction
from graphengine.service.events import append
from graphengine.service.job import MOST_PRIORITY, Job
from graphengine.service.limits import Limits
from graphengine.service.queue.change import GAP, change
from graphengine.service.queue.records import find_batch, find_job, job_row
from graphengine.service.queue.submit import make_room
from graphengine.service.queue.turns import enter, leave
from graphengine.service.queue.work import is_paused


def cancel(transaction: Transaction, id_: str, now: int) -> Job:
    """Cancel a job: one that waits at once, one that runs by telling it to stop. Again, or too late, is no error."""
    _cancel(transaction, job_row(transaction.connection, id_), now)
    return find_job(transaction.connection, id_)


def cancel_batch(transaction: Transaction, id_: str, now: int) -> Sequence[Job]:
    """Cancel all jobs of a batch, and return those that it made a difference to."""
    find_batch(transaction.connection, id_)
    rows = transaction.execute(
        "SELECT * FROM job WHERE batch = ? AND state IN ('queued', 'running') ORDER BY seq", (id_,)
    ).fetchall()
    for row in rows:
        _cancel(transaction, row, now)
    return [find_job(transaction.connection, row["id"]) for row in rows]


def retry(transaction: Transaction, id_: str, limits: Limits, retry_after: int, now: int) -> Job:
    """Queue a job again that failed or was cancelled, behind those that wait; its interruptions are forgotten."""
    row = job_row(transaction.connection, id_)
    make_room(transaction, 1, limits, retry_after)
    forgotten = {"interruptions": 0, "started": None, "failure": None, "result": None, "lock": None}
    change(transaction, row, "retry", now, forgotten, priority=row["priority"], batch=row["batch"])
    transaction.execute("UPDATE job SET overtaken = 0 WHERE seq = ?", (row["seq"],))
    return find_job(transaction.connection, id_)


def move_to_front(transaction: Transaction, id_: str, now: int) -> Job:
    """Let a job be the next of its owner and priority."""
    row = _queued(transaction, id_)
    first: int = transaction.execute(
        "SELECT min(rank) FROM job WHERE state = 'queued' AND priority = ? AND owner = ?",
        (row["priority"], row["owner"]),
    ).fetchone()[0]
    if first != row["rank"]:
        _place(transaction, row, first - GAP, row["priority"], now)
    return find_job(transaction.connection, id_)


def move_before(transaction: Transaction, id_: str, other: str, now: int) -> Job:
    """Let a job go right before another one of its owner, with that one's priority.

    Raises:
        Conflict: one does not wait, or they have different owners, between whom turns go round.
    """
    row, following = _queued(transaction, id_), _queued(transaction, other)
    if row["owner"] != following["owner"]:
        raise Conflict("the jobs have different owners, and owners take turns")
    if id_ != other:
        rank = _between(transaction, row, following)
        if rank is None:
            _spread(transaction, following["owner"], following["priority"])
            rank = _between(transaction, row, _queued(transaction, other))
        _place(transaction, row, rank, following["priority"], now)
    return find_job(transaction.connection, id_)


def prioritize(transaction: Transaction, id_: str, priority: int, now: int) -> Job:
    """Give a job that waits another priority; there it goes by when it was submitted.

    Raises:
        Conflict: it does not wait.
        Unacceptable: there is no such priority.
    """
    if not -MOST_PRIORITY <= priority <= MOST_PRIORITY:
        raise Unacceptable(f"a priority is a number from {-MOST_PRIORITY} to {MOST_PRIORITY}")
    row = _queued(transaction, id_)
    if priority != row["priority"]:
        _place(transaction, row, row["rank"], priority, now)
    return find_job(transaction.connection, id_)


def pause(transaction: Transaction, now: int, *, paused: bool) -> None:
    """Let no job begin, or let them begin again; what runs goes on. It holds over restarts."""
    if is_paused(transaction.connection) != paused:
        transaction.execute("UPDATE store SET value = ? WHERE name = 'paused'", (str(int(paused)),))
        append(transaction, now, "paused" if paused else "resumed")


def _cancel(transaction: Transaction, row: sqlite3.Row, now: int) -> None:
    if row["state"] == "queued":
        change(transaction, row, "cancel", now, {})
    elif row["state"] == "running" and not row["cancelling"]:
        transaction.execute("UPDATE job SET cancelling = 1 WHERE seq = ?", (row["seq"],))
        append(transaction, now, "cancelling", job=row["id"], owner=row["owner"])


def _queued(transaction: Transaction, id_: str) -> sqlite3.Row:
    row = job_row(transaction.connection, id_)
    if row["state"] != "queued":
        raise Conflict(f"the job {id_} is {row['state']}, not queued")
    return row


def _between(transaction: Transaction, row: sqlite3.Row, following: sqlite3.Row) -> int | None:
    """Return a rank right before ``following``, or None where there is no room left."""
    before: int | None = transaction.execute(
        "SELECT max(rank) FROM job WHERE state = 'queued' AND priority = ? AND owner = ? AND rank < ? AND seq <> ?",
        (following["priority"], following["owner"], following["rank"], row["seq"]),
    ).fetchone()[0]
    if before is None:
        return int(following["rank"]) - GAP
    return (before + following["rank"]) // 2 if following["rank"] - before > 1 else None


def _spread(transaction: Transaction, owner: str, priority: int) -> None:
    """Make room between the jobs of a line again, downwards, so that new ones still come last."""
    transaction.execute(
        "UPDATE job SET rank = spread.rank FROM ("
        " SELECT seq, max(rank) OVER () - :gap * (row_number() OVER (ORDER BY rank DESC) - 1) AS rank"
        " FROM job WHERE state = 'queued' AND priority = :priority AND owner = :owner) AS spread"
        " WHERE job.seq = spread.seq",
        {"gap": GAP, "priority": priority, "owner": owner},
    )


def _place(transaction: Transaction, row: sqlite3.Row, rank: int | None, priority: int, now: int) -> None:
    transaction.execute(
        "UPDATE job SET rank = ?, priority = ?, overtaken = 0 WHERE seq = ?", (rank, priority, row["seq"])
    )
    if priority != row["priority"]:
        leave(transaction, row["owner"], row["priority"])
        enter(transaction, row["owner"], priority)
    append(transaction, now, "moved", job=row["id"], owner=row["owner"], priority=priority)
