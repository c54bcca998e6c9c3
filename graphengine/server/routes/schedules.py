"""``/api/schedules``: what is run by itself: at times, for files that come into a folder, when a program asks."""

from aiohttp import web

from graphengine.server.answers import answer, empty
from graphengine.server.backend import BACKEND
from graphengine.server.limits import read_body, read_query
from graphengine.server.routing import Route
from graphengine.server.schema import FireBody, Nothing, SchedulesOut, SchedulesQuery
from graphengine.server.security import CALLER
from graphengine.server.shown import job_view
from graphengine.server.timed import ScheduleFields, ScheduleView
from graphengine.server.views import JobView


async def list_schedules(request: web.Request) -> web.Response:
    """List the schedules by id."""
    asked = read_query(request, SchedulesQuery)
    found = await request.app[BACKEND].timetable.list(asked.owner, limit=asked.limit, after=asked.after)
    return answer(SchedulesOut.model_construct(schedules=list(found)))


async def get(request: web.Request) -> web.Response:
    """Return a schedule, and when it fires next."""
    return answer(await request.app[BACKEND].timetable.get(request.match_info["id"]))


async def save(request: web.Request) -> web.Response:
    """Make a schedule, or replace the one of that id; the secret of a new webhook is told this once."""
    asked = await read_body(request, ScheduleFields)
    timetable, id_ = request.app[BACKEND].timetable, request.match_info["id"]
    saved, created = await timetable.save(request[CALLER], id_, asked)
    return answer(saved, 201 if created else 200, {"Location": f"/api/schedules/{id_}"})


async def delete(request: web.Request) -> web.Response:
    """Remove a schedule; the jobs that it made stay."""
    await request.app[BACKEND].timetable.delete(request[CALLER], request.match_info["id"])
    return empty()


async def pause(request: web.Request) -> web.Response:
    """Let a schedule fire no more, until it is resumed."""
    return await _pause(request, paused=True)


async def resume(request: web.Request) -> web.Response:
    """Let a schedule fire again, from now on."""
    return await _pause(request, paused=False)


async def fire(request: web.Request) -> web.Response:
    """Queue a job of a schedule now; 200: the key stands for a job that was there already."""
    backend = request.app[BACKEND]
    asked = await read_body(request, FireBody)
    backend.check_open()
    accepted = await backend.timetable.fire(request[CALLER], request.match_info["id"], asked.inputs, asked.key)
    job = job_view(accepted.job)
    return answer(job, 201 if accepted.created else 200, {"Location": f"/api/jobs/{job.id}"})


async def _pause(request: web.Request, *, paused: bool) -> web.Response:
    await read_body(request, Nothing)
    timetable, id_ = request.app[BACKEND].timetable, request.match_info["id"]
    return answer(await timetable.pause(request[CALLER], id_, paused=paused))


_ONE = "/api/schedules/{id}"
_MADE = (201, 200)

ROUTES = (
    Route("GET", "/api/schedules", list_schedules, "read", "schedules", query=SchedulesQuery, answer=SchedulesOut),
    Route("GET", _ONE, get, "read", "schedules", answer=ScheduleView),
    Route("PUT", _ONE, save, "submit", "schedules", body=ScheduleFields, answer=ScheduleView, statuses=_MADE),
    Route("DELETE", _ONE, delete, "submit", "schedules", statuses=(204,)),
    Route("POST", f"{_ONE}/pause", pause, "submit", "schedules", body=Nothing, answer=ScheduleView),
    Route("POST", f"{_ONE}/resume", resume, "submit", "schedules", body=Nothing, answer=ScheduleView),
    Route("POST", f"{_ONE}/fire", fire, "submit", "schedules", body=FireBody, answer=JobView, statuses=_MADE),
)
