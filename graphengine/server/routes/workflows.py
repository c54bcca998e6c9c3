"""``/api/workflows``: the library of saved workflows, all their versions, and a picture of each."""

import json

from aiohttp import web

from graphengine.server.answers import answer, empty
from graphengine.server.backend import BACKEND
from graphengine.server.content import media_type_of
from graphengine.server.limits import read_body, read_bytes, read_query
from graphengine.server.problems import Refused
from graphengine.server.routing import BINARY, Route
from graphengine.server.schema import (
    DocumentOut,
    LimitQuery,
    SaveBody,
    SavedListOut,
    SavedOut,
    VersionOut,
    VersionQuery,
    VersionsOut,
)
from graphengine.server.security import CALLER, HEADERS
from graphengine.service.library import MEDIA_TYPES, MOST_THUMBNAIL, Saved, Thumbnail, Version
from graphengine.service.retention.names import digests_in


async def list_names(request: web.Request) -> web.Response:
    """List the saved workflows by name."""
    asked = read_query(request, LimitQuery)
    found = await request.app[BACKEND].store.library.list(limit=asked.limit, after=asked.after)
    return answer(SavedListOut(workflows=[_saved(each) for each in found]))


async def get(request: web.Request) -> web.Response:
    """Return a saved workflow, by default its newest version."""
    asked = read_query(request, VersionQuery)
    version, document = await request.app[BACKEND].store.library.get(request.match_info["name"], asked.version)
    return answer(DocumentOut(**_version(version).model_dump(), document=document))


async def save(request: web.Request) -> web.Response:
    """Save a document as the newest version of a name; it may be unfinished, and need not be proven."""
    asked = await read_body(request, SaveBody)
    library, owner = request.app[BACKEND].store.library, request[CALLER].name
    name = request.match_info["name"]
    for digest in digests_in(json.dumps(asked.workflow)):
        request.app[BACKEND].assets.uses.note(digest)  # it is named from now on
    saved = await library.save(name, asked.workflow, owner=owner, note=asked.note, expected=asked.expected)
    return answer(_version(saved))


async def versions(request: web.Request) -> web.Response:
    """List the versions of a name, the newest first."""
    found = await request.app[BACKEND].store.library.versions(request.match_info["name"])
    return answer(VersionsOut(versions=[_version(each) for each in found]))


async def delete(request: web.Request) -> web.Response:
    """Remove a name with all its versions."""
    await request.app[BACKEND].store.library.delete(request.match_info["name"])
    return empty()


async def thumbnail(request: web.Request) -> web.Response:
    """Return the picture of a name."""
    found = await request.app[BACKEND].store.library.thumbnail(request.match_info["name"])
    return web.Response(body=found.content, headers={**HEADERS, "Content-Type": found.media_type})


async def set_thumbnail(request: web.Request) -> web.Response:
    """Give a name a picture: PNG, JPEG or WebP, by what it holds."""
    content = await read_bytes(request, MOST_THUMBNAIL)
    media_type = media_type_of(content)
    if media_type not in MEDIA_TYPES:
        raise Refused(422, "unacceptable", "a thumbnail is a PNG, JPEG or WebP picture")
    await request.app[BACKEND].store.library.set_thumbnail(request.match_info["name"], Thumbnail(content, media_type))
    return empty()


def _version(version: Version) -> VersionOut:
    return VersionOut(**{name: getattr(version, name) for name in VersionOut.model_fields})


def _saved(saved: Saved) -> SavedOut:
    return SavedOut(newest=_version(saved.newest), created=saved.created, has_thumbnail=saved.has_thumbnail)


_ONE = "/api/workflows/{name}"

ROUTES = (
    Route("GET", "/api/workflows", list_names, "read", "workflows", query=LimitQuery, answer=SavedListOut),
    Route("GET", _ONE, get, "read", "workflows", query=VersionQuery, answer=DocumentOut),
    Route("PUT", _ONE, save, "submit", "workflows", body=SaveBody, answer=VersionOut),
    Route("DELETE", _ONE, delete, "submit", "workflows", statuses=(204,)),
    Route("GET", f"{_ONE}/versions", versions, "read", "workflows", answer=VersionsOut),
    Route("GET", f"{_ONE}/thumbnail", thumbnail, "read", "workflows", gives="image/*"),
    Route("PUT", f"{_ONE}/thumbnail", set_thumbnail, "submit", "workflows", takes=BINARY, statuses=(204,)),
)
