"""``/api/models``: what a workflow can name to be loaded."""

import asyncio
from pathlib import Path
from typing import Final

from aiohttp import web

from graphengine.errors import NotFound
from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.content import headers_of
from graphengine.server.limits import read_query
from graphengine.server.modelling import page_of
from graphengine.server.routing import Route
from graphengine.server.schema import ModelsQuery
from graphengine.server.views import ModelsView

MOST_PREVIEW: Final = 16 * 2**20
"""The bytes that a picture beside a model may have."""


async def list_models(request: web.Request) -> web.Response:
    """List the models in the model folders and those that came with packs, with what their headers tell."""
    asked = read_query(request, ModelsQuery)
    backend = request.app[BACKEND]
    await backend.packs.wait()
    return answer(await asyncio.to_thread(page_of, backend.engine.models, asked.limit, asked.after))


async def preview(request: web.Request) -> web.Response:
    """Return the picture that lies beside a model."""
    backend = request.app[BACKEND]
    await backend.packs.wait()
    path = await asyncio.to_thread(backend.engine.models.preview, request.match_info["id"])
    if path is None:
        raise NotFound("there is no picture of a model of that id")
    return await asyncio.to_thread(_picture, path)


def _picture(path: Path) -> web.Response:
    """Return a picture whole; it may be replaced at any time, so nobody keeps it.

    Raises:
        NotFound: it is none, too large, or gone.
    """
    try:
        headers = headers_of(path)
        content = path.read_bytes() if path.stat().st_size <= MOST_PREVIEW else b""
    except OSError:
        content, headers = b"", {}
    if not content or not headers["Content-Type"].startswith("image/"):
        raise NotFound("what lies beside the model is no picture")
    kept = {"ETag", "Cache-Control"}
    shown = {name: value for name, value in headers.items() if name not in kept}
    return web.Response(body=content, headers={**shown, "Cache-Control": "private, no-cache"})


ROUTES = (
    Route("GET", "/api/models", list_models, "read", "models", query=ModelsQuery, answer=ModelsView),
    Route("GET", "/api/models/{id}/preview", preview, "read", "models", gives="image/*"),
)
