"""What becomes of a job that runs: each act needs the number of its attempt, so that no stale worker is heard.

An attempt that ends without a word (its worker is gone, or the whole engine) is an interruption. The job is
queued again where it was; after the second time it has failed, for it may be what ends them.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from graphengine.errors import Failure, LeaseLost
from graphengine.service.canonical import compact
from graphengine.service.database.writer import Transaction
from graphengine.service.events import TaskKind, append
from graphengine.service.job import Job, JsonObject, Lease
from graphengine.service.limits import Limits
from graphengine.service.queue.change import change
from graphengine.service.queue.records import find_job
from graphengine.service.queue.turns import forget_idle, serve

Note = tuple[TaskKind, JsonObject]
"""Something that happened in a run, for the log."""

INTERRUPTED = Failure(
    "interrupted",
    "the job was interrupted too often: each time it ran, its worker or the engine ended",
    hint="Look at the engine's log, and retry the job when the cause is gone.",
)


def claim(transaction: Transaction, prefer: str, limits: Limits, now: int) -> Job | None:
    """Begin an attempt at the job whose turn it is, or return None where none waits or the queue is paused."""
    if is_paused(transaction.connection):
        return None
    row = serve(transaction, prefer, limits.overtakes)
    if row is None:
        return None
    attempt = row["attempt"] + 1
    change(transaction, row, "claim", now, {"attempt": attempt, "started": now}, attempt=attempt)
    return find_job(transaction.connection, row["id"])


def finish(transaction: Transaction, lease: Lease, result: JsonObject, now: int) -> Job:
    """Note that a run ended well."""
    change(transaction, _held(transaction, lease), "finish", now, {"result": compact(result)})
    return find_job(transaction.connection, lease.id)


def fail(transaction: Transaction, lease: Lease, failure: Failure, now: int) -> Job:
    """Note that a run failed."""
    _fail(transaction, _held(transaction, lease), failure, now)
    return find_job(transaction.connection, lease.id)


def stop(transaction: Transaction, lease: Lease, now: int) -> Job:
    """Note that a run stopped because it was told to."""
    change(transaction, _held(transaction, lease), "stop", now, {})
    return find_job(transaction.connection, lease.id)


def release(transaction: Transaction, lease: Lease, now: int) -> Job:
    """Put a job back that was not the reason why its run ended."""
    row = _held(transaction, lease)
    change(transaction, row, "stop" if row["cancelling"] else "requeue", now, {})
    return find_job(transaction.connection, lease.id)


def interrupt(transaction: Transaction, lease: Lease, limits: Limits, now: int) -> Job:
    """Put a job back whose attempt ended without a word, or give it up."""
    _interrupt(transaction, _held(transaction, lease), limits, now)
    return find_job(transaction.connection, lease.id)


def record(transaction: Transaction, lease: Lease, notes: Sequence[Note], now: int) -> None:
    """Log what happened in a run."""
    row = _held(transaction, lease)
    for kind, data in notes:
        append(transaction, now, kind, job=row["id"], owner=row["owner"], **data)


def recover(transaction: Transaction, limits: Limits, now: int) -> Sequence[Job]:
    """Take up what a dead engine left running, and return these jobs."""
    rows = transaction.execute("SELECT * FROM job WHERE state = 'running' ORDER BY seq").fetchall()
    forget_idle(transaction)
    for row in rows:
        _interrupt(transaction, row, limits, now)
    return [find_job(transaction.connection, row["id"]) for row in rows]


def is_paused(connection: sqlite3.Connection) -> bool:
    """Return whether no job may begin."""
    row: sqlite3.Row = connection.execute("SELECT value FROM store WHERE name = 'paused'").fetchone()
    return bool(row["value"] == "1")


def _held(transaction: Transaction, lease: Lease) -> sqlite3.Row:
    row: sqlite3.Row | None = transaction.execute(
        "SELECT * FROM job WHERE id = ? AND state = 'running' AND attempt = ?", (lease.id, lease.attempt)
    ).fetchone()
    if row is None:
        raise LeaseLost(f"attempt {lease.attempt} at the job {lease.id} is over")
    return row


def _interrupt(transaction: Transaction, row: sqlite3.Row, limits: Limits, now: int) -> None:
    times = row["interruptions"] + 1
    if row["cancelling"]:
        change(transaction, row, "stop", now, {})
    elif times >= limits.attempts:
        _fail(transaction, row, INTERRUPTED, now, times)
    else:
        change(transaction, row, "requeue", now, {"interruptions": times}, interruptions=times)


def _fail(transaction: Transaction, row: sqlite3.Row, failure: Failure, now: int, times: int | None = None) -> None:
    told = asdict(failure)
    columns = {"failure": compact(told), "interruptions": row["interruptions"] if times is None else times}
    change(transaction, row, "fail", now, columns, failure=told)
