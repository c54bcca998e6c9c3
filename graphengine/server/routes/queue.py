"""``/api/queue``: the line as a whole."""

from aiohttp import web

from graphengine.server.answers import answer, long_answer
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body, read_query
from graphengine.server.routing import Route
from graphengine.server.schema import JobsOut, LimitQuery, Nothing, QueueOut


async def show(request: web.Request) -> web.Response:
    """Say whether the queue is paused, and how many jobs are in each state."""
    backend = request.app[BACKEND]
    status = await backend.store.queue.status()
    counts = {str(state): number for state, number in status.counts.items()}
    return answer(QueueOut(paused=status.paused, counts=counts, running=backend.dispatcher.running))


async def upcoming(request: web.Request) -> web.Response:
    """List the jobs that wait, in the order in which they will begin if nothing comes between."""
    asked = read_query(request, LimitQuery)
    jobs = await request.app[BACKEND].store.queue.upcoming(asked.limit)
    return await long_answer(lambda: JobsOut.of(jobs))


async def pause(request: web.Request) -> web.Response:
    """Let no job begin, also after a restart; what runs goes on."""
    await read_body(request, Nothing)
    await request.app[BACKEND].store.queue.pause()
    return await show(request)


async def resume(request: web.Request) -> web.Response:
    """Let jobs begin again."""
    await read_body(request, Nothing)
    await request.app[BACKEND].store.queue.resume()
    return await show(request)


ROUTES = (
    Route("GET", "/api/queue", show, "read", "queue", answer=QueueOut),
    Route("GET", "/api/queue/upcoming", upcoming, "read", "queue", query=LimitQuery, answer=JobsOut),
    Route("POST", "/api/queue/pause", pause, "admin", "queue", body=Nothing, answer=QueueOut),
    Route("POST", "/api/queue/resume", resume, "admin", "queue", body=Nothing, answer=QueueOut),
)
