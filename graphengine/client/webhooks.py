"""Webhooks of a service, which are told when jobs end, from a Python program."""

from collections.abc import Sequence
from typing import Any, Literal

from graphengine.client.connection import Connection
from graphengine.client.errors import Refused
from graphengine.server.webhooks import ENDS, DeliveryState, DeliveryView, End, WebhookView


class Webhooks:
    """Who is told when jobs end; see ``Client.webhooks``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(
        self,
        id_: str,
        url: str,
        *,
        states: Sequence[End] = ENDS,
        jobs: Literal["own", "all"] = "own",
        paused: bool = False,
        secret: str | None = None,
        expected: int | None = None,
    ) -> WebhookView:
        """Make a webhook, or replace the one of that id.

        A new one that is given no ``secret`` has one in what this returns, and never again. (If the connection
        broke meanwhile it may be lost: then save again with one.)

        Args:
            states: the ends of jobs that are told of.
            jobs: whether of one's own jobs or of all; that takes a token of the scope admin.
            secret: signs what is told: ``whsec_`` and Base64 of 24 to 64 bytes.
            expected: the revision that the change was made from, 0 for a new webhook.
        """
        request = {
            "type": "save_webhook",
            "webhook": id_,
            "url": url,
            "states": list(states),
            "jobs": jobs,
            "paused": paused,
            "secret": secret,
            "expected": expected,
        }
        return _webhook(await self._connection.ask(request))

    async def get(self, id_: str) -> WebhookView:
        """Return a webhook."""
        return _webhook(await self._connection.ask({"type": "get_webhook", "webhook": id_}))

    async def list(self) -> Sequence[WebhookView]:
        """Return this client's webhooks; with a token of the scope admin, all."""
        result = await self._connection.ask({"type": "list_webhooks"})
        return [WebhookView.model_validate(each) for each in result["webhooks"]]

    async def delete(self, id_: str) -> None:
        """Remove a webhook, with what is on its way to it."""
        try:
            await self._connection.ask({"type": "delete_webhook", "webhook": id_})
        except Refused as error:
            if not (error.repeated and error.code == "not_found"):  # else it was done, and the answer was lost
                raise

    async def ping(self, id_: str) -> DeliveryView:
        """Send a webhook something that means nothing, to see whether it arrives."""
        return _delivery(await self._connection.ask({"type": "ping_webhook", "webhook": id_}))

    async def deliveries(
        self, id_: str, *, state: DeliveryState | None = None, limit: int = 100, after: str = ""
    ) -> Sequence[DeliveryView]:
        """Return deliveries to a webhook, the newest first, those older than the one that ``after`` names."""
        asked = {"type": "list_deliveries", "webhook": id_, "state": state, "limit": limit, "after": after}
        return [DeliveryView.model_validate(each) for each in (await self._connection.ask(asked))["deliveries"]]

    async def retry(self, id_: str, delivery: str) -> DeliveryView:
        """Try a delivery again that was given up."""
        return _delivery(await self._connection.ask({"type": "retry_delivery", "webhook": id_, "delivery": delivery}))


def _webhook(result: dict[str, Any]) -> WebhookView:
    return WebhookView.model_validate(result["webhook"])


def _delivery(result: dict[str, Any]) -> DeliveryView:
    return DeliveryView.model_validate(result["delivery"])
