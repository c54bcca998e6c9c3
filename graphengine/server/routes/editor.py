"""``/``: the editor's page and its files, for everybody; what they show, they must ask the service for."""

import asyncio
from functools import partial
from typing import Final

from aiohttp import web

from graphengine.server.page import BUILT, MISSING, MISSING_HEADERS, PAGE_HEADERS, asset_headers, find_asset
from graphengine.server.problems import Refused
from graphengine.server.routing import Route

_HTML: Final = "text/html"


async def page(request: web.Request) -> web.StreamResponse:  # noqa: ARG001 - a handler takes a request
    """Return the editor, or where it is not built a page that says how to build it."""
    path = BUILT / "index.html"
    if not await asyncio.to_thread(path.is_file):
        return web.Response(text=MISSING, content_type=_HTML, status=503, headers=MISSING_HEADERS)
    return web.FileResponse(path, headers=PAGE_HEADERS)


async def asset(request: web.Request) -> web.StreamResponse:
    """Return a file of the editor; its name holds a hash of what is in it."""
    path = await asyncio.to_thread(partial(find_asset, BUILT / "assets", request.match_info["name"]))
    if path is None:
        raise Refused(404, "not_found", "there is no such file")
    return web.FileResponse(path, headers=asset_headers(path))


ROUTES = (
    Route("GET", "/", page, "public", "editor", gives=_HTML, statuses=(200, 304, 503)),
    Route("GET", "/assets/{name}", asset, "public", "editor", gives="*/*", statuses=(200, 206, 304, 404)),
)
