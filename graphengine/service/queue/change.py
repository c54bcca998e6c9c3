"""The one door through which a job changes its state: row, line, counts and log change together."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from graphengine.service.database.writer import Transaction
from graphengine.service.events import EntryKind, append
from graphengine.service.job import ENDED, Action, JobState, next_state
from graphengine.service.queue.turns import enter, leave
from graphengine.service.webhook.outbox import announce

GAP = 2**20
"""The distance between the ranks of jobs that come one after the other: there is room to put others between."""

_UPDATE = """
UPDATE job SET state = :state, rank = :rank, started = :started, ended = :ended, finish = :finish, attempt = :attempt,
               interruptions = :interruptions, cancelling = 0, failure = :failure, result = :result, lock = :lock
WHERE seq = :seq
"""


def change(
    transaction: Transaction,
    row: sqlite3.Row,
    action: Action,
    now: int,
    columns: Mapping[str, Any],
    **data: Any,
) -> Mapping[str, Any]:
    """Let something happen to a job, log it, and return its row as it is now; its end is told to whoever wants to know.

    Args:
        row: the job as it was; for a claim, already out of its line.
        columns: what else of the job changes.
        data: what else the log says.

    Raises:
        Conflict: the job's state does not allow it.
    """
    state = next_state(row["state"], action)
    over = state in ENDED
    if over:
        data = {"state": state, **data}
    seq = append(transaction, now, _kind(action, state), job=row["id"], owner=row["owner"], **data)
    values = {
        **dict(row),
        "state": state,
        "ended": now if over else None,
        "finish": seq if over else None,
        "rank": seq * GAP if action == "retry" else row["rank"],
        "cancelling": 0,
        **columns,
    }
    transaction.execute(_UPDATE, values)
    if over:
        announce(transaction, values, now)
    if action == "cancel":
        leave(transaction, row["owner"], row["priority"])
    if state == "queued":
        enter(transaction, row["owner"], row["priority"])
    count(transaction, row["state"], -1)
    count(transaction, state, 1)
    if row["batch"] is not None and over != (row["state"] in ENDED):
        _count_batch(transaction, row, -1 if over else 1, now)
    return values


def count(transaction: Transaction, state: JobState, number: int) -> None:
    """Note that there are ``number`` more jobs in a state."""
    transaction.execute("UPDATE tally SET jobs = jobs + ? WHERE state = ?", (number, state))


def _kind(action: Action, state: JobState) -> EntryKind:
    if state in ENDED:
        return "finished"
    if state == "running":
        return "started"
    return "requeued" if action == "requeue" else "queued"


def _count_batch(transaction: Transaction, row: sqlite3.Row, number: int, now: int) -> None:
    left = transaction.execute(
        "UPDATE batch SET unfinished = unfinished + ? WHERE id = ? RETURNING unfinished", (number, row["batch"])
    ).fetchone()[0]
    if number < 0 and left == 0:
        append(transaction, now, "batch_finished", job=row["batch"], owner=row["owner"])
