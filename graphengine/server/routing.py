"""Routes: each says what it asks of whoever comes, and what goes in and out; one that says nothing is not served."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel

from graphengine.errors import EngineBug
from graphengine.server.access import Permission
from graphengine.server.backend import BACKEND
from graphengine.server.problems import Refused, problem_of
from graphengine.server.security import CALLER, HEADERS, Door

JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation.

    Attributes:
        handle: answers; its docstring says what the operation does.
        body: what the request brings; None where nothing.
        takes: the media type of the body.
        query: what may stand behind the ``?``.
        answer: what comes back when all is well; None where that is not one JSON object of ours.
        gives: the media type of the answer.
        statuses: the status when all is well, and others in its place.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    handle: Handler
    permission: Permission
    tag: str
    body: type[BaseModel] | None = None
    takes: str = JSON
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    gives: str = JSON
    statuses: tuple[int, ...] = (200,)
    parameters: Mapping[str, str] = field(default_factory=dict)


Middleware = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application, routes: Iterable[Route], door: Door) -> None:
    """Serve routes, and nothing else.

    Raises:
        EngineBug: something is served that no route declares.
    """
    declared: dict[tuple[str, str], Route] = {}
    for route in routes:
        added = app.router.add_route(route.method, route.path, route.handle)
        if added.resource is None or (route.method, added.resource.canonical) in declared:
            raise EngineBug(f"{route.method} {route.path} is declared twice")
        declared[route.method, added.resource.canonical] = route
    app.middlewares.append(_guard(door, declared))
    check_declared(app, declared)


def check_declared(app: web.Application, declared: Mapping[tuple[str, str], Route]) -> None:
    """Refuse to serve what declares no permission.

    Raises:
        EngineBug: there is such a thing.
    """
    for served in app.router.routes():
        path = "" if served.resource is None else served.resource.canonical
        if (served.method, path) not in declared:
            raise EngineBug(f"{served.method} {path} is served without a permission")


def _guard(door: Door, declared: Mapping[tuple[str, str], Route]) -> Any:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        resource = request.match_info.route.resource
        pattern = "" if resource is None else resource.canonical
        route = declared.get((request.method, pattern))
        try:
            response = await _answer(request, handler, door, route)
        except Exception as error:  # noqa: BLE001 - every error is told in one form
            response = problem_of(error)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        request.app[BACKEND].metrics.answered(
            request.method if route else "", pattern, response.status, time.perf_counter() - began
        )
        return response

    return guard


async def _answer(request: web.Request, handler: Handler, door: Door, route: Route | None) -> web.StreamResponse:
    if route is None:
        door.admit(request, "public", media_type=request.content_type)
        await handler(request)  # raises 404 or 405
        raise Refused(403, "forbidden", "this is not served")
    request[CALLER] = door.admit(request, route.permission, media_type=route.takes)
    return await handler(request)
