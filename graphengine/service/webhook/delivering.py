"""What becomes of deliveries: which are to be tried now, and what an attempt has brought."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from graphengine.service.database.writer import Transaction
from graphengine.service.webhook.records import delivery_of, find_webhook
from graphengine.service.webhook.webhook import Delivery, Webhook

HISTORY: Final = 1_000
"""How many deliveries of one webhook are remembered that arrived or were given up."""

MOST_FAILURES: Final = 1_000
"""How many attempts in a row may fail before a webhook is switched off: at the pace of the courier, some days."""

_PRUNE: Final = """
DELETE FROM delivery WHERE webhook = :webhook AND state <> 'waiting' AND seq <= (
    SELECT seq FROM delivery WHERE webhook = :webhook AND state <> 'waiting' ORDER BY seq DESC LIMIT 1 OFFSET :history)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt has brought.

    Attributes:
        status: what was answered, if anything was.
        problem: why it has not arrived; empty where it has.
        final: there is no use in trying again.
        gone: the receiver wants to be told nothing any more.
        retry_after: seconds after which the receiver wants it to be tried again.
    """

    status: int | None = None
    problem: str = ""
    final: bool = False
    gone: bool = False
    retry_after: float = 0.0


def webhooks(connection: sqlite3.Connection) -> Sequence[Webhook]:
    """Return the webhooks that something is on its way to."""
    ids = connection.execute("SELECT id FROM webhook WHERE enabled AND waiting > 0 ORDER BY id").fetchall()
    return [find_webhook(connection, row["id"]) for row in ids]


def due(connection: sqlite3.Connection, webhook: str, busy: Collection[str], most: int, now: int) -> Sequence[Delivery]:
    """Return deliveries that are to be tried now, the most urgent first.

    One that was tried at a time which has not come yet is, too: the clock was set back, and it need not wait longer.

    Args:
        busy: the ids of those that are being tried.
    """
    rows = connection.execute(
        "SELECT * FROM delivery WHERE webhook = ? AND state = 'waiting' AND (due <= ? OR tried > ?)"
        " ORDER BY due, seq LIMIT ?",
        (webhook, now, now, most + len(busy)),
    ).fetchall()
    return [delivery_of(row) for row in rows if row["id"] not in busy][:most]


def next_due(connection: sqlite3.Connection, webhook: str, busy: Collection[str]) -> int | None:
    """Return when a delivery is to be tried next that waits and is not being tried, if there is one."""
    rows = connection.execute(
        "SELECT id, due FROM delivery WHERE webhook = ? AND state = 'waiting' ORDER BY due LIMIT ?",
        (webhook, len(busy) + 1),
    )
    return next((row["due"] for row in rows if row["id"] not in busy), None)


def settle(transaction: Transaction, delivery: Delivery, outcome: Outcome, now: int, wait: int | None) -> None:
    """Note what an attempt has brought; nothing where the delivery is gone meanwhile.

    Args:
        wait: microseconds until it is tried again; None gives it up.
    """
    arrived = not outcome.problem
    state = "done" if arrived else "failed" if wait is None else "waiting"
    values = {
        "seq": delivery.seq,
        "state": state,
        "now": now,
        "due": now + (wait or 0),
        "status": outcome.status,
        "problem": outcome.problem,
    }
    changed = transaction.execute(
        "UPDATE delivery SET state = :state, attempts = attempts + 1, tried = :now, due = :due, status = :status,"
        " problem = :problem WHERE seq = :seq AND state = 'waiting'",
        values,
    ).rowcount
    if changed and state != "waiting":
        transaction.execute("UPDATE webhook SET waiting = waiting - 1 WHERE id = ?", (delivery.webhook,))
        transaction.execute(_PRUNE, {"webhook": delivery.webhook, "history": HISTORY})
    failures = transaction.execute(
        "UPDATE webhook SET failures = iif(?, 0, failures + 1) WHERE id = ? RETURNING failures",
        (arrived, delivery.webhook),
    ).fetchone()
    if outcome.gone:
        _switch_off(transaction, delivery.webhook, "the receiver said that it is gone")
    elif failures is not None and failures["failures"] >= MOST_FAILURES:
        _switch_off(transaction, delivery.webhook, f"the receiver failed {MOST_FAILURES:,} times in a row")


def _switch_off(transaction: Transaction, webhook: str, problem: str) -> None:
    """Deliver nothing more, until somebody saves the webhook again."""
    transaction.execute("UPDATE webhook SET enabled = 0, failures = 0, problem = ? WHERE id = ?", (problem, webhook))
