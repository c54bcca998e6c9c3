"""Rows of the database to webhooks and deliveries."""

import json
import sqlite3

from graphengine.errors import NotFound
from graphengine.service.clock import moment
from graphengine.service.webhook.webhook import Delivery, Draft, Webhook


def webhook_of(row: sqlite3.Row) -> Webhook:
    """Return the webhook that a row holds."""
    states = frozenset(json.loads(row["states"]))
    draft = Draft(row["id"], row["owner"], row["url"], states, row["jobs"], enabled=bool(row["enabled"]))
    return Webhook(
        draft,
        secret=row["secret"],
        revision=row["revision"],
        created=moment(row["created"]),
        waiting=row["waiting"],
        dropped=row["dropped"],
        problem=row["problem"],
    )


def delivery_of(row: sqlite3.Row) -> Delivery:
    """Return the delivery that a row holds."""
    return Delivery(
        seq=row["seq"],
        id=row["id"],
        webhook=row["webhook"],
        job=row["job"],
        kind=row["kind"],
        body=row["body"],
        state=row["state"],
        attempts=row["attempts"],
        created=moment(row["created"]),
        tried=None if row["tried"] is None else moment(row["tried"]),
        due=moment(row["due"]) if row["due"] and row["state"] == "waiting" else None,
        status=row["status"],
        problem=row["problem"],
    )


def find_webhook(connection: sqlite3.Connection, id_: str) -> Webhook:
    """Return a webhook.

    Raises:
        NotFound: there is no such webhook.
    """
    row = connection.execute("SELECT * FROM webhook WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no webhook {id_}")
    return webhook_of(row)


def find_delivery(connection: sqlite3.Connection, webhook: str, id_: str) -> Delivery:
    """Return a delivery.

    Raises:
        NotFound: there is no such delivery.
    """
    row = connection.execute("SELECT * FROM delivery WHERE webhook = ? AND id = ?", (webhook, id_)).fetchone()
    if row is None:
        raise NotFound(f"there is no delivery {id_} to the webhook {webhook}")
    return delivery_of(row)
