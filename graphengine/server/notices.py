"""Webhooks as callers may look at and change them: one place that answers HTTP and the websocket."""

from collections.abc import Callable, Sequence

from graphengine.errors import NotFound
from graphengine.server.access import Caller, Forbidden
from graphengine.server.shown import delivery_view, webhook_view
from graphengine.server.webhooks import DeliveryState, DeliveryView, WebhookFields, WebhookView
from graphengine.service.store import Store
from graphengine.service.webhook.webhook import Draft, Webhook

Check = Callable[[str], None]
"""Refuses an address that nothing would be posted to, with ``Unacceptable``."""


class Notices:
    """The webhooks of a store. An address may be a secret itself, so each is its owner's to see.

    Methods raise ``Forbidden`` where a webhook is somebody else's, and ``NotFound`` where there is none.
    """

    def __init__(self, store: Store, check: Check) -> None:
        self._webhooks = store.webhooks
        self._check = check

    async def get(self, caller: Caller, id_: str) -> WebhookView:
        """Return a webhook."""
        return webhook_view(await self._own(caller, id_))

    async def list(self, caller: Caller) -> Sequence[WebhookView]:
        """Return the caller's webhooks; for an admin, all."""
        found = await self._webhooks.list(None if caller.scope == "admin" else caller.name)
        return [webhook_view(each) for each in found]

    async def save(self, caller: Caller, id_: str, asked: WebhookFields) -> tuple[WebhookView, bool]:
        """Make a webhook or replace one, and return it, and whether it is new.

        Raises:
            Forbidden: also where all jobs are asked for, and the caller is no admin.
            Conflict: it is not as expected, or there are too many.
            Unacceptable: a part of it cannot be.
        """
        if asked.jobs == "all" and caller.scope != "admin":
            raise Forbidden("to be told of all jobs takes the scope 'admin'")
        known = await self._known(caller, id_)
        self._check(asked.url)
        draft = Draft(
            id=id_,
            owner=caller.name if known is None else known.draft.owner,
            url=asked.url,
            states=frozenset(asked.states),
            jobs=asked.jobs,
            enabled=not asked.paused,
        )
        saved = await self._webhooks.save(draft, secret=asked.secret, expected=asked.expected)
        is_new_secret = known is None or known.secret != saved.secret
        return webhook_view(saved, saved.secret if is_new_secret else None), known is None

    async def delete(self, caller: Caller, id_: str) -> None:
        """Remove a webhook, with what is on its way to it."""
        await self._own(caller, id_)
        await self._webhooks.delete(id_)

    async def ping(self, caller: Caller, id_: str) -> DeliveryView:
        """Send a webhook something that means nothing.

        Raises:
            Conflict: too much is on its way to it.
        """
        await self._own(caller, id_)
        return delivery_view(await self._webhooks.ping(id_))

    async def deliveries(
        self, caller: Caller, id_: str, state: DeliveryState | None, *, limit: int, after: str
    ) -> Sequence[DeliveryView]:
        """Return deliveries to a webhook, the newest first, those older than the one that ``after`` names."""
        await self._own(caller, id_)
        found = await self._webhooks.deliveries(id_, state, limit=limit, after=after)
        return [delivery_view(each) for each in found]

    async def retry(self, caller: Caller, id_: str, delivery: str) -> DeliveryView:
        """Try a delivery again that was given up.

        Raises:
            Conflict: it waits, or has arrived.
        """
        await self._own(caller, id_)
        return delivery_view(await self._webhooks.retry(id_, delivery))

    async def _own(self, caller: Caller, id_: str) -> Webhook:
        webhook = await self._webhooks.get(id_)
        caller.check_owns(webhook.draft.owner, f"the webhook {id_}")
        return webhook

    async def _known(self, caller: Caller, id_: str) -> Webhook | None:
        try:
            return await self._own(caller, id_)
        except NotFound:
            return None
