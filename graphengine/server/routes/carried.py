"""``/api/carried``: what files say of their origin: the workflow that made them, and the lock of its run."""

import asyncio

from aiohttp import web

from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.origins import CarriedOut, carried_in
from graphengine.server.problems import Refused
from graphengine.server.receiving import received
from graphengine.server.routing import BINARY, Route


async def look(request: web.Request) -> web.Response:
    """Say which workflow and lock a file carries, judged by what it holds; nothing of it is kept."""
    async with received(request, request.app[BACKEND].assets) as file:
        if file.nbytes == 0:
            raise Refused(422, "unacceptable", "the body must be a file")
        return answer(await asyncio.to_thread(carried_in, file.settled()))


async def get(request: web.Request) -> web.Response:
    """Say which workflow and lock a file carries that was uploaded, or made by a job."""
    path = await asyncio.to_thread(request.app[BACKEND].assets.path, request.match_info["digest"])
    return answer(await asyncio.to_thread(carried_in, path))


ROUTES = (
    Route("POST", "/api/carried", look, "submit", "files", takes=BINARY, answer=CarriedOut),
    Route("GET", "/api/carried/{digest}", get, "read", "files", answer=CarriedOut),
)
