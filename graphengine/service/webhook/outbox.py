"""What is told, noted in the transaction in which it happens: no end of a job goes untold, whatever ends then."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from graphengine.service.canonical import compact
from graphengine.service.clock import moment
from graphengine.service.database.writer import Transaction
from graphengine.service.webhook.webhook import Kind

MOST_WAITING: Final = 10_000
"""How many deliveries of one webhook may wait; one more is dropped, and counted."""

MOST_RESULT: Final = 64 * 2**10
"""How long a result may be that is told, as JSON; a longer one is fetched by whoever wants it."""


_KINDS: Final[Mapping[str, Kind]] = {"done": "job.done", "failed": "job.failed", "cancelled": "job.cancelled"}


class DeliveriesChanged:
    """Put into the outbox by whoever has something to be delivered, or changes where to."""


def announce(transaction: Transaction, job: Mapping[str, Any], now: int) -> None:
    """Tell whoever wants to know that a job is over.

    Args:
        job: the row of the job as it is now.
    """
    rows = transaction.execute(
        "SELECT id, states FROM webhook WHERE enabled AND (owner = ? OR jobs = 'all')", (job["owner"],)
    ).fetchall()
    wanted = [row["id"] for row in rows if job["state"] in json.loads(row["states"])]
    if wanted:
        kind = _KINDS[job["state"]]
        body = _body(kind, now, _told(job))
        for id_ in wanted:
            put(transaction, id_, kind, body, now, job=job["id"])


def ping(transaction: Transaction, webhook: str, now: int) -> str | None:
    """Send something that means nothing, and return its id; None where too much waits."""
    return put(transaction, webhook, "ping", _body("ping", now, {}), now)


def put(transaction: Transaction, webhook: str, kind: Kind, body: str, now: int, *, job: str = "") -> str | None:
    """Let something be delivered, and return the id of the delivery; None where too much waits."""
    found = transaction.execute(
        "UPDATE webhook SET waiting = waiting + 1 WHERE id = ? AND waiting < ? RETURNING id", (webhook, MOST_WAITING)
    ).fetchone()
    if found is None:
        transaction.execute("UPDATE webhook SET dropped = dropped + 1 WHERE id = ?", (webhook,))
        return None
    id_ = f"msg_{secrets.token_hex(12)}"
    transaction.execute(
        "INSERT INTO delivery (id, webhook, job, kind, body, created) VALUES (?, ?, ?, ?, ?, ?)",
        (id_, webhook, job, kind, body, now),
    )
    transaction.outbox.append(DeliveriesChanged())
    return id_


def _body(kind: Kind, now: int, data: Mapping[str, Any]) -> str:
    return compact({"type": kind, "timestamp": _time(now), "data": data})


def _told(job: Mapping[str, Any]) -> Mapping[str, Any]:
    result = job["result"]
    is_whole = result is None or len(result) <= MOST_RESULT
    return {
        "id": job["id"],
        "owner": job["owner"],
        "state": job["state"],
        "title": job["title"],
        "tags": json.loads(job["tags"]),
        "batch": job["batch"],
        "attempt": job["attempt"],
        "created": _time(job["created"]),
        "started": None if job["started"] is None else _time(job["started"]),
        "ended": _time(job["ended"]),
        "failure": None if job["failure"] is None else json.loads(job["failure"]),
        "result": json.loads(result) if result is not None and is_whole else None,
        "complete": is_whole,
    }


def _time(stamp: int) -> str:
    return moment(stamp).isoformat().replace("+00:00", "Z")
