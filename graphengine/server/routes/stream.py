"""``/api/ws``: everything that HTTP does with jobs, and what happens to them, over one connection."""

from aiohttp import web

from graphengine.server.backend import BACKEND
from graphengine.server.messages import PROTOCOLS
from graphengine.server.problems import Refused
from graphengine.server.routing import Route
from graphengine.server.security import CALLER
from graphengine.server.socket import handle_socket


async def connect(request: web.Request) -> web.StreamResponse:
    """Open a websocket; its messages are described by their own schema."""
    if not web.WebSocketResponse(protocols=PROTOCOLS).can_prepare(request).ok:
        raise Refused(426, "upgrade_required", "this is a websocket", headers={"Upgrade": "websocket"})
    backend = request.app[BACKEND]
    return await handle_socket(request, backend.commands, backend.hub, request[CALLER])


async def preview(request: web.Request) -> web.Response:
    """Return the newest picture of a task's work in progress, for those whose messages bring only its address."""
    found = request.app[BACKEND].hub.preview(request.match_info["id"], request.match_info["task"])
    if found is None:
        raise Refused(404, "not_found", "there is no preview now")
    return web.Response(body=found.data, content_type=found.media_type, headers={"Cache-Control": "no-store"})


ROUTES = (
    Route("GET", "/api/ws", connect, "read", "stream", statuses=(101,)),
    Route("GET", "/api/jobs/{id}/previews/{task}", preview, "read", "stream", gives="image/*"),
)
