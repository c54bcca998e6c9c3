"""``/api/nodes``, ``/api/schema``, ``/api/files``, ``/api/settings``, ``/api/cache``: what there is to work with."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from aiohttp import web

from graphengine.errors import FileRefused, NotFound
from graphengine.files.listing import list_files
from graphengine.files.roots import Roots
from graphengine.node.catalogue.describe import describe
from graphengine.node.catalogue.loader import PackFault
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.server.answers import answer, long_answer
from graphengine.server.backend import BACKEND
from graphengine.server.catalogue import (
    ConversionOut,
    FileOut,
    FilesOut,
    FitOut,
    NodeOut,
    NodesOut,
    PackFaultOut,
    PictureQuery,
    TypeOut,
)
from graphengine.server.limits import read_query
from graphengine.server.pictures import picture_of
from graphengine.server.problems import Refused
from graphengine.server.routing import Route
from graphengine.server.schema import CacheOut, ObjectOut
from graphengine.types.assign import IDENTITY
from graphengine.workflow.document import json_schema
from graphengine.workflow.modes import passage

ASSETS: Final = "assets"
"""The root of what was uploaded, by anybody: it is not listed."""


async def nodes(request: web.Request) -> web.Response:
    """List the nodes, the types, which types flow into which, and the packs that could not be loaded."""
    backend = request.app[BACKEND]
    await backend.packs.wait()
    return await long_answer(lambda: _nodes(backend.engine.registry, backend.engine.faults))


def _nodes(registry: Registry, unloaded: Sequence[PackFault]) -> NodesOut:
    types = [
        TypeOut(name=name, summary=each.summary, colour=each.colour, literal=each.literal)
        for name, each in registry.types.items()
    ]
    conversions = [ConversionOut(source=each.source, target=each.target) for each in registry.assignability]
    described = [
        NodeOut.model_validate({**describe(each), "passage": _passed(each)}) for each in registry.nodes.values()
    ]
    faults = [PackFaultOut(pack=each.name, reason=each.reason) for each in unloaded]
    fits = list(_fits(registry))
    return NodesOut(nodes=described, types=types, conversions=conversions, fits=fits, faults=faults)


async def files(request: web.Request) -> web.Response:
    """List what the files of a root may be called in a document: models, or pictures and all the rest."""
    backend, root = request.app[BACKEND], request.match_info["root"]
    await backend.packs.wait()
    folders = backend.engine.roots.folders.get(root)
    if folders is None or root == ASSETS:
        raise Refused(404, "not_found", "there is no such root")
    found = await asyncio.to_thread(list_files, root, folders)
    return await long_answer(
        lambda: FilesOut(files=[FileOut(reference=each.reference, bytes=each.nbytes) for each in found])
    )


async def picture(request: web.Request) -> web.Response:
    """Return a picture that lies under a root, by what a document calls it."""
    backend, reference = request.app[BACKEND], read_query(request, PictureQuery).file
    await backend.packs.wait()
    roots, (root, colon, _) = backend.engine.roots, reference.partition(":")
    if not colon or root not in roots.folders or root == ASSETS:
        raise NotFound("there is no such root")
    return await asyncio.to_thread(_picture, roots, root, reference)


def _picture(roots: Roots, root: str, reference: str) -> web.Response:
    try:
        return picture_of(roots.locate(reference, (root,)))
    except FileRefused as error:
        raise NotFound(str(error)) from None


async def schema(request: web.Request) -> web.Response:  # noqa: ARG001 - a handler takes a request
    """Return the JSON Schema of the workflow document."""
    return answer(ObjectOut.model_validate(json_schema()))


async def settings(request: web.Request) -> web.Response:
    """Return the settings that clients may know."""
    return answer(ObjectOut.model_validate(request.app[BACKEND].engine.shown_settings()))


async def cache(request: web.Request) -> web.Response:
    """Say what the results on disk take."""
    engine = request.app[BACKEND].engine
    usage = await asyncio.to_thread(engine.cache_usage)
    budget = engine.shown_settings()["disk_cache_bytes"]
    return answer(CacheOut(entries=usage.entries, bytes=usage.nbytes, budget=budget))


def _passed(spec: NodeSpec) -> dict[str, str]:
    """Return, by output, the input that stands for it where the node is bypassed."""
    return {output: entry.name for output, entry in passage(spec).items()}


def _fits(registry: Registry) -> Iterator[FitOut]:
    """Yield every pair of types that some sockets have and that a link may join."""
    sources = {output.type for spec in registry.nodes.values() for output in spec.outputs}
    targets = {entry.type for spec in registry.nodes.values() for entry in spec.inputs}
    both = sorted(sources | targets, key=str)  # the sockets of a subgraph are those of nodes, on the other side
    for source in both:
        for target in both:
            found = registry.assignability.fit(source, target)
            if found is not None:
                converts = found.conversion is not IDENTITY
                yield FitOut(source=str(source), target=str(target), each=found.each, converts=converts)


ROUTES = (
    Route("GET", "/api/nodes", nodes, "read", "catalogue", answer=NodesOut),
    Route("GET", "/api/schema", schema, "read", "catalogue", answer=ObjectOut),
    Route("GET", "/api/settings", settings, "read", "catalogue", answer=ObjectOut),
    Route("GET", "/api/files/{root}", files, "read", "catalogue", answer=FilesOut),
    Route("GET", "/api/picture", picture, "read", "catalogue", query=PictureQuery, gives="image/*"),
    Route("GET", "/api/cache", cache, "read", "catalogue", answer=CacheOut),
)
