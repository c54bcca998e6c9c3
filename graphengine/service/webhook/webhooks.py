"""The webhooks that are kept, as clients see them. Deliveries are made while a ``Courier`` runs."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from graphengine.errors import Conflict
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.webhook.outbox import DeliveriesChanged, ping
from graphengine.service.webhook.records import delivery_of, find_delivery, find_webhook, webhook_of
from graphengine.service.webhook.webhook import Delivery, DeliveryState, Draft, Webhook, key_of, new_secret

MOST: Final = 100
"""How many webhooks there may be: each end of a job looks at all of them."""

_SAVE: Final = """
INSERT INTO webhook (id, owner, url, secret, states, jobs, enabled, revision, created)
VALUES (:id, :owner, :url, :secret, :states, :jobs, :enabled, 1, :now)
ON CONFLICT (id) DO UPDATE
SET url = :url, secret = :secret, states = :states, jobs = :jobs, enabled = :enabled, revision = revision + 1,
    problem = ''
"""


class Webhooks:
    """The webhooks of a store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, draft: Draft, *, secret: str | None = None, expected: int | None = None) -> Webhook:
        """Make a webhook, or change the one of that id; the same again changes nothing.

        Args:
            secret: signs deliveries from now on; None leaves what is, or makes one.
            expected: the revision that the draft was made from, 0 for a new webhook; None takes whatever there is.

        Raises:
            Conflict: the id is that of another owner's webhook, there are too many, or it is not as expected.
            Unacceptable: the draft or the secret has a wrong form.
        """
        draft.check()
        if secret is not None:
            key_of(secret)
        return await self._database.write(lambda tx: _save(tx, draft, secret, expected, stamp(self._clock.now())))

    async def get(self, id_: str) -> Webhook:
        """Return a webhook.

        Raises:
            NotFound: there is no such webhook.
        """
        return await self._database.read(lambda connection: find_webhook(connection, id_))

    async def list(self, owner: str | None = None) -> Sequence[Webhook]:
        """Return the webhooks of one owner or of all, by id."""

        def look(connection: sqlite3.Connection) -> Sequence[Webhook]:
            rows = connection.execute(
                "SELECT * FROM webhook WHERE owner = coalesce(?, owner) ORDER BY id", (owner,)
            ).fetchall()
            return [webhook_of(row) for row in rows]

        return await self._database.read(look)

    async def delete(self, id_: str) -> None:
        """Remove a webhook, with what is on its way to it.

        Raises:
            NotFound: there is no such webhook.
        """

        def act(transaction: Transaction) -> None:
            find_webhook(transaction.connection, id_)
            transaction.execute("DELETE FROM webhook WHERE id = ?", (id_,))
            transaction.outbox.append(DeliveriesChanged())

        await self._database.write(act)

    async def ping(self, id_: str) -> Delivery:
        """Send a webhook something that means nothing, to see whether it arrives.

        Raises:
            NotFound: there is no such webhook.
            Conflict: too much is on its way to it.
        """

        def act(transaction: Transaction) -> Delivery:
            find_webhook(transaction.connection, id_)
            sent = ping(transaction, id_, stamp(self._clock.now()))
            if sent is None:
                raise Conflict(f"too much is on its way to the webhook {id_}")
            return find_delivery(transaction.connection, id_, sent)

        return await self._database.write(act)

    async def deliveries(
        self, id_: str, state: DeliveryState | None = None, *, limit: int = 100, after: str = ""
    ) -> Sequence[Delivery]:
        """Return deliveries to a webhook, the newest first, those older than the one that ``after`` names.

        Raises:
            NotFound: there is no such webhook, or no such delivery to go on after.
        """

        def look(connection: sqlite3.Connection) -> Sequence[Delivery]:
            find_webhook(connection, id_)
            before = find_delivery(connection, id_, after).seq if after else 2**63 - 1
            rows = connection.execute(
                "SELECT * FROM delivery WHERE webhook = ? AND state = coalesce(?, state) AND seq < ?"
                " ORDER BY seq DESC LIMIT ?",
                (id_, state, before, limit),
            ).fetchall()
            return [delivery_of(row) for row in rows]

        return await self._database.read(look)

    async def retry(self, id_: str, delivery: str) -> Delivery:
        """Try a delivery again that was given up, as often as a new one.

        Raises:
            NotFound: there is no such delivery.
            Conflict: it waits, or has arrived.
        """

        def act(transaction: Transaction) -> Delivery:
            found = find_delivery(transaction.connection, id_, delivery)
            if found.state != "failed":
                raise Conflict(f"the delivery {delivery} is {found.state}: only one that failed is tried again")
            transaction.execute(
                "UPDATE delivery SET state = 'waiting', attempts = 0, due = 0 WHERE seq = ?", (found.seq,)
            )
            transaction.execute("UPDATE webhook SET waiting = waiting + 1 WHERE id = ?", (id_,))
            transaction.outbox.append(DeliveriesChanged())
            return find_delivery(transaction.connection, id_, delivery)

        return await self._database.write(act)


def _save(transaction: Transaction, draft: Draft, secret: str | None, expected: int | None, now: int) -> Webhook:
    row = transaction.execute("SELECT * FROM webhook WHERE id = ?", (draft.id,)).fetchone()
    wanted = {
        "id": draft.id,
        "owner": draft.owner,
        "url": draft.url,
        "secret": secret or (new_secret() if row is None else row["secret"]),
        "states": json.dumps(sorted(draft.states)),
        "jobs": draft.jobs,
        "enabled": int(draft.enabled),
    }
    if row is None or any(row[name] != value for name, value in wanted.items()):
        _check(transaction, row, draft, expected)
        transaction.execute(_SAVE, {**wanted, "now": now})
        transaction.outbox.append(DeliveriesChanged())
    return find_webhook(transaction.connection, draft.id)


def _check(transaction: Transaction, row: sqlite3.Row | None, draft: Draft, expected: int | None) -> None:
    if row is not None and row["owner"] != draft.owner:
        raise Conflict(f"the webhook {draft.id} has another owner")
    revision = 0 if row is None else row["revision"]
    if expected not in (None, revision):
        raise Conflict(f"the webhook {draft.id} has the revision {revision}, not {expected}")
    if row is None and transaction.execute("SELECT count(*) FROM webhook").fetchone()[0] >= MOST:
        raise Conflict(f"there are {MOST:,} webhooks already")
