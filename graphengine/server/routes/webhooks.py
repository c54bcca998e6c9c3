"""``/api/webhooks``: who is told when jobs end, and whether it has arrived."""

from aiohttp import web

from graphengine.server.answers import answer, empty
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body, read_query
from graphengine.server.routing import Route
from graphengine.server.schema import DeliveriesOut, DeliveriesQuery, Nothing, WebhooksOut
from graphengine.server.security import CALLER
from graphengine.server.webhooks import DeliveryView, WebhookFields, WebhookView


async def list_webhooks(request: web.Request) -> web.Response:
    """List the caller's webhooks; for an admin, all."""
    found = await request.app[BACKEND].notices.list(request[CALLER])
    return answer(WebhooksOut(webhooks=list(found)))


async def get(request: web.Request) -> web.Response:
    """Return a webhook."""
    return answer(await request.app[BACKEND].notices.get(request[CALLER], request.match_info["id"]))


async def save(request: web.Request) -> web.Response:
    """Make a webhook, or replace the one of that id; the secret of a new one is told this once.

    Deliveries are signed as the Standard Webhooks specification says.
    """
    asked = await read_body(request, WebhookFields)
    notices, id_ = request.app[BACKEND].notices, request.match_info["id"]
    saved, created = await notices.save(request[CALLER], id_, asked)
    return answer(saved, 201 if created else 200, {"Location": f"/api/webhooks/{id_}"})


async def delete(request: web.Request) -> web.Response:
    """Remove a webhook, with what is on its way to it."""
    await request.app[BACKEND].notices.delete(request[CALLER], request.match_info["id"])
    return empty()


async def ping(request: web.Request) -> web.Response:
    """Send a webhook something that means nothing, to see whether it arrives."""
    await read_body(request, Nothing)
    return answer(await request.app[BACKEND].notices.ping(request[CALLER], request.match_info["id"]), 202)


async def deliveries(request: web.Request) -> web.Response:
    """List the deliveries to a webhook, the newest first."""
    asked = read_query(request, DeliveriesQuery)
    notices, id_ = request.app[BACKEND].notices, request.match_info["id"]
    found = await notices.deliveries(request[CALLER], id_, asked.state, limit=asked.limit, after=asked.after)
    return answer(DeliveriesOut(deliveries=list(found)))


async def retry(request: web.Request) -> web.Response:
    """Try a delivery again that was given up."""
    await read_body(request, Nothing)
    found = request.match_info
    return answer(await request.app[BACKEND].notices.retry(request[CALLER], found["id"], found["delivery"]), 202)


_ONE = "/api/webhooks/{id}"
_SENT = f"{_ONE}/deliveries"
_RETRY = f"{_SENT}/{{delivery}}/retry"

ROUTES = (
    Route("GET", "/api/webhooks", list_webhooks, "read", "webhooks", answer=WebhooksOut),
    Route("GET", _ONE, get, "read", "webhooks", answer=WebhookView),
    Route("PUT", _ONE, save, "submit", "webhooks", body=WebhookFields, answer=WebhookView, statuses=(201, 200)),
    Route("DELETE", _ONE, delete, "submit", "webhooks", statuses=(204,)),
    Route("POST", f"{_ONE}/ping", ping, "submit", "webhooks", body=Nothing, answer=DeliveryView, statuses=(202,)),
    Route("GET", _SENT, deliveries, "read", "webhooks", query=DeliveriesQuery, answer=DeliveriesOut),
    Route("POST", _RETRY, retry, "submit", "webhooks", body=Nothing, answer=DeliveryView, statuses=(202,)),
)
