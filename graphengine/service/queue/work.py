"""What becomes of a job that runs: each act needs the number of its attempt, so that no stale worker is heard.

An attempt that ends without a word (its worker is gone, or the whole engine) is an interruption. The job is
queued again where it was; after the second time it has failed, for it may be what ends them.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Final

from graphengine.errors import Failure, LeaseLost
from graphengine.service.canonical import compact
from graphengine.service.database.writer import Transaction
from graphengine.service.events import TaskKind, append_all
from graphengine.service.job import Job, JsonObject, Lease
from graphengine.service.limits import Limits
from graphengine.service.queue.change import change
from graphengine.service.queue.records import job_of
from graphengine.service.queue.turns import forget_idle, serve

Note = tuple[TaskKind, JsonObject]
"""Something that happened in a run, for the log."""

Notes = Sequence[Note]

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
"""No columns that change."""

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
    return job_of(change(transaction, row, "claim", now, {"attempt": attempt, "started": now}, attempt=attempt))


def finish(
    transaction: Transaction,
    lease: Lease,
    result: JsonObject,
    now: int,
    notes: Notes = (),
    lock: JsonObject | None = None,
) -> Job:
    """Note that a run ended well.

    Args:
        notes: what happened before, and is not logged yet; as for the other ends.
        lock: what made its results, if the run began; as for the other ends.
    """
    row = _held(transaction, lease, notes, now)
    return job_of(change(transaction, row, "finish", now, {"result": compact(result), **_locked(lock)}))


def fail(
    transaction: Transaction,
    lease: Lease,
    failure: Failure,
    now: int,
    notes: Notes = (),
    lock: JsonObject | None = None,
) -> Job:
    """Note that a run failed."""
    row = _held(transaction, lease, notes, now)
    return _fail(transaction, row, failure, now, columns=_locked(lock))


def stop(transaction: Transaction, lease: Lease, now: int, notes: Notes = (), lock: JsonObject | None = None) -> Job:
    """Note that a run stopped because it was told to."""
    return job_of(change(transaction, _held(transaction, lease, notes, now), "stop", now, _locked(lock)))


def release(transaction: Transaction, lease: Lease, now: int, notes: Notes = ()) -> Job:
    """Put a job back that was not the reason why its run ended."""
    row = _held(transaction, lease, notes, now)
    return job_of(change(transaction, row, "stop" if row["cancelling"] else "requeue", now, {}))


def interrupt(transaction: Transaction, lease: Lease, limits: Limits, now: int) -> Job:
    """Put a job back whose attempt ended without a word, or give it up."""
    return _interrupt(transaction, _held(transaction, lease), limits, now)


def record(transaction: Transaction, lease: Lease, notes: Notes, now: int) -> None:
    """Log what happened in a run."""
    _held(transaction, lease, notes, now)


def recover(transaction: Transaction, limits: Limits, now: int) -> Sequence[Job]:
    """Take up what a dead engine left running, and return these jobs."""
    rows = transaction.execute("SELECT * FROM job WHERE state = 'running' ORDER BY seq").fetchall()
    forget_idle(transaction)
    return [_interrupt(transaction, row, limits, now) for row in rows]


def is_paused(connection: sqlite3.Connection) -> bool:
    """Return whether no job may begin."""
    row: sqlite3.Row = connection.execute("SELECT value FROM store WHERE name = 'paused'").fetchone()
    return bool(row["value"] == "1")


def _held(transaction: Transaction, lease: Lease, notes: Notes = (), now: int = 0) -> sqlite3.Row:
    """Return the row of a job whose lease is its newest, when what happened in its run is logged."""
    row: sqlite3.Row | None = transaction.execute(
        "SELECT * FROM job WHERE id = ? AND state = 'running' AND attempt = ?", (lease.id, lease.attempt)
    ).fetchone()
    if row is None:
        raise LeaseLost(f"attempt {lease.attempt} at the job {lease.id} is over")
    if notes:
        append_all(transaction, now, notes, job=row["id"], owner=row["owner"])
    return row


def _interrupt(transaction: Transaction, row: sqlite3.Row, limits: Limits, now: int) -> Job:
    times = row["interruptions"] + 1
    if row["cancelling"]:
        return job_of(change(transaction, row, "stop", now, {}))
    if times >= limits.attempts:
        return _fail(transaction, row, INTERRUPTED, now, times)
    return job_of(change(transaction, row, "requeue", now, {"interruptions": times}, interruptions=times))


def _fail(
    transaction: Transaction,
    row: sqlite3.Row,
    failure: Failure,
    now: int,
    times: int | None = None,
    columns: Mapping[str, str] = NOTHING,
) -> Job:
    told = asdict(failure)
    times = row["interruptions"] if times is None else times
    changed = {"failure": compact(told), "interruptions": times, **columns}
    return job_of(change(transaction, row, "fail", now, changed, failure=told))


def _locked(lock: JsonObject | None) -> Mapping[str, str]:
    return NOTHING if lock is None else {"lock": compact(lock)}
