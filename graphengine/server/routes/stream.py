"""``/api/ws``: everything that HTTP does with jobs, and what happens to them, over one connection."""

from aiohttp import web

from graphengine.server.access import Caller
from graphengine.server.backend import BACKEND
from graphengine.server.commands import EVERYTHING
from graphengine.server.commands import Caller as Client
from graphengine.server.routing import Route
from graphengine.server.security import CALLER
from graphengine.server.socket import handle_socket


async def connect(request: web.Request) -> web.StreamResponse:
    """Open a websocket; its messages are described by their own schema."""
    backend = request.app[BACKEND]
    return await handle_socket(request, backend.commands, backend.hub, _client(request[CALLER]))


def _client(caller: Caller) -> Client:
    return Client(caller.name, frozenset(each for each in EVERYTHING if caller.may(each)))


ROUTES = (Route("GET", "/api/ws", connect, "read", "stream", statuses=(101,)),)
