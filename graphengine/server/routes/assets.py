"""``/api/assets`` and ``/api/results``: files by what they hold, uploaded or made by jobs."""

import asyncio
from dataclasses import asdict

from aiohttp import web

from graphengine.errors import Unacceptable
from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.content import UNKNOWN, headers_of
from graphengine.server.limits import read_body
from graphengine.server.problems import Refused
from graphengine.server.receiving import received
from graphengine.server.routing import BINARY, Route
from graphengine.server.schema import AssetOut, PruneBody, PrunedOut
from graphengine.service.assets import DIGEST
from graphengine.service.retention.retention import Policy


async def upload(request: web.Request) -> web.Response:
    """Take a file in under the SHA-256 of its bytes; workflows name it as ``assets:<digest>``."""
    assets, digest = request.app[BACKEND].assets, request.match_info["digest"]
    if not DIGEST.fullmatch(digest):
        raise Unacceptable("a digest has 64 hex digits, in lower case")
    async with received(request, assets) as file:
        if file.digest != digest:
            raise Refused(422, "wrong_digest", f"the bytes that came have the digest {file.digest}")
        is_new = await asyncio.to_thread(file.keep)
    return answer(AssetOut(digest=digest, bytes=file.nbytes, reference=f"assets:{digest}"), 201 if is_new else 200)


async def get(request: web.Request) -> web.StreamResponse:
    """Return a file, or the part of it that the Range header asks for."""
    path = await asyncio.to_thread(request.app[BACKEND].assets.path, request.match_info["digest"])
    return web.FileResponse(path, headers=await asyncio.to_thread(headers_of, path))


async def prune(request: web.Request) -> web.Response:
    """Remove uploads and outputs that no job, workflow or schedule names any more, now; or say what would go."""
    asked = await read_body(request, PruneBody)
    retention = request.app[BACKEND].retention
    age = retention.policy.age if asked.age is None else asked.age
    budget = retention.policy.budget if asked.bytes is None else asked.bytes
    return answer(PrunedOut(**asdict(await retention.sweep(Policy(age, budget), dry=asked.dry))))


_STATUSES = (200, 206, 304)

ROUTES = (
    Route(
        "PUT",
        "/api/assets/{digest}",
        upload,
        "submit",
        "files",
        takes=BINARY,
        answer=AssetOut,
        statuses=(201, 200),
    ),
    Route("POST", "/api/retention/prune", prune, "admin", "files", body=PruneBody, answer=PrunedOut),
    Route("GET", "/api/assets/{digest}", get, "read", "files", gives=UNKNOWN, statuses=_STATUSES),
    Route("GET", "/api/results/{digest}", get, "read", "files", gives=UNKNOWN, statuses=_STATUSES),
)
