"""``/api/nodes``, ``/api/schema``, ``/api/settings``, ``/api/cache``: what there is to work with."""

import asyncio

from aiohttp import web

from graphengine.node.catalogue import describe
from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND
from graphengine.server.routing import Route
from graphengine.server.schema import CacheOut, NodesOut, ObjectOut
from graphengine.workflow.document import json_schema


async def nodes(request: web.Request) -> web.Response:
    """List the nodes, the types, and which types flow into which."""
    registry = request.app[BACKEND].engine.registry
    types = [
        {"name": name, "summary": each.summary, "colour": each.colour, "literal": each.literal}
        for name, each in registry.types.items()
    ]
    conversions = [{"source": each.source, "target": each.target} for each in registry.assignability]
    return answer(
        NodesOut(nodes=[dict(describe(each)) for each in registry.nodes.values()], types=types, conversions=conversions)
    )


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


ROUTES = (
    Route("GET", "/api/nodes", nodes, "read", "catalogue", answer=NodesOut),
    Route("GET", "/api/schema", schema, "read", "catalogue", answer=ObjectOut),
    Route("GET", "/api/settings", settings, "read", "catalogue", answer=ObjectOut),
    Route("GET", "/api/cache", cache, "read", "catalogue", answer=CacheOut),
)
