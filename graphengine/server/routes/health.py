"""``/healthz``, ``/readyz``, ``/metrics``: what those ask who keep the service running."""

from aiohttp import web

from graphengine.server.answers import answer
from graphengine.server.backend import BACKEND, Backend
from graphengine.server.routing import Route
from graphengine.server.schema import HealthOut, ReadyOut

_TEXT = "text/plain"


async def live(request: web.Request) -> web.Response:  # noqa: ARG001 - a handler takes a request
    """Say that the service answers."""
    return answer(HealthOut())


async def ready(request: web.Request) -> web.Response:
    """Say whether a job that is submitted now would be run, and if not, why."""
    reasons = await reasons_of(request.app[BACKEND])
    return answer(ReadyOut(ready=not reasons, reasons=reasons), 503 if reasons else 200)


async def metrics(request: web.Request) -> web.Response:
    """Return figures for Prometheus."""
    backend = request.app[BACKEND]
    is_ready = not await reasons_of(backend)
    page = backend.metrics.page(await backend.store.queue.status(), ready=is_ready, retention=backend.retention)
    return web.Response(body=page, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def reasons_of(backend: Backend) -> list[str]:
    """Return why the service cannot do its work."""
    health, loading = await backend.store.health(), backend.packs.reason
    told = [
        "" if health.ready else health.reason,
        "the service is closing" if backend.closing else "",
        loading,
        "" if backend.dispatcher.is_alive or backend.closing or loading else "no jobs are taken from the queue",
        "" if loading else backend.engine.ailment(),
        *(missing for missing, chore in backend.chores.items() if chore.done() and not backend.closing),
    ]
    return [reason for reason in told if reason]


ROUTES = (
    Route("GET", "/healthz", live, "public", "health", answer=HealthOut),
    Route("GET", "/readyz", ready, "public", "health", answer=ReadyOut, statuses=(200, 503)),
    Route("GET", "/metrics", metrics, "read", "health", gives=_TEXT),
)
