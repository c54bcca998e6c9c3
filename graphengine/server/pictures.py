"""Pictures that lie where files of a user lie, as answers."""

from pathlib import Path
from typing import Final

from aiohttp import web

from graphengine.errors import NotFound
from graphengine.server.content import headers_of

MOST: Final = 16 * 2**20
"""The bytes that a picture may have that is shown small."""


def picture_of(path: Path) -> web.Response:
    """Return a picture whole; it may be replaced at any time, so nobody keeps it.

    Raises:
        NotFound: it is none, too large, or gone.
    """
    try:
        headers = headers_of(path)
        content = path.read_bytes() if path.stat().st_size <= MOST else b""
    except OSError:
        content, headers = b"", {}
    if not content or not headers["Content-Type"].startswith("image/"):
        raise NotFound("this is no picture")
    kept = {"ETag", "Cache-Control"}
    shown = {name: value for name, value in headers.items() if name not in kept}
    return web.Response(body=content, headers={**shown, "Cache-Control": "private, no-cache"})
