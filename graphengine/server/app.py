"""The application: the routes over a backend, behind the door."""

from collections.abc import Iterable

from aiohttp import web

from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND, Backend
from graphengine.server.limits import MOST_JSON
from graphengine.server.openapi import openapi
from graphengine.server.routes.table import ROUTES
from graphengine.server.routing import Route, add_routes
from graphengine.server.schema import ObjectOut
from graphengine.server.security import Door


def make_app(backend: Backend, hosts: Iterable[str] = (), routes: Iterable[Route] = ROUTES) -> web.Application:
    """Return the application of a service.

    Args:
        hosts: the names under which it may be reached, beside those of the loopback.

    Raises:
        EngineBug: something would be served that declares no permission.
    """
    app = web.Application(client_max_size=MOST_JSON)
    app[BACKEND] = backend
    served = with_openapi(routes)
    add_routes(app, served, Door(backend.access, hosts))
    return app


def with_openapi(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Return routes with the one that describes them all, itself included."""
    listed = tuple(routes)

    async def describe(request: web.Request) -> web.Response:  # noqa: ARG001 - a handler takes a request
        """Return this document."""
        return answer(document)

    route = Route("GET", "/api/openapi.json", describe, "read", "catalogue", answer=ObjectOut)
    document = ObjectOut.model_validate(openapi((*listed, route)))
    return (*listed, route)
