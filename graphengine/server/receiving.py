"""Files that come as the body of a request: they go to the disk as they come, and leave nothing behind unless kept."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from graphengine.server.limits import MOST_UPLOAD, PATIENCE
from graphengine.server.problems import Refused
from graphengine.service.assets import Assets, Upload

_CHUNK: Final = 2**20
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@asynccontextmanager
async def received(request: web.Request, assets: Assets) -> AsyncIterator[Upload]:
    """Take the body of a request in as a file, which is gone at the end unless it was kept.

    Raises:
        Refused: it is too large or too slow, or the disk is full.
    """
    try:
        with assets.upload() as file:
            await _receive(request, file)
            yield file
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Refused(507, "disk_full", "the disk is full") from None


async def _receive(request: web.Request, file: Upload) -> None:
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                chunk = await request.content.read(_CHUNK)
        except TimeoutError:
            raise Refused(408, "too_slow", "the file comes too slowly") from None
        if not chunk:
            return
        if file.nbytes + len(chunk) > MOST_UPLOAD:
            raise Refused(413, "too_large", f"a file has at most {MOST_UPLOAD:,} bytes")
        await asyncio.to_thread(file.write, chunk)
