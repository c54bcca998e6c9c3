"""``/api/jobs``: what is to be run, runs, or has run."""

from typing import Any

from aiohttp import web

from graphengine.errors import Unacceptable
from graphengine.server.answers import LONG, answer, empty, long_answer
from graphengine.server.backend import BACKEND, Backend
from graphengine.server.limits import read_body, read_query
from graphengine.server.proving import proven
from graphengine.server.routing import Route
from graphengine.server.schema import BatchOut, JobsOut, JobsQuery, Move, Nothing, ObjectOut, Submit
from graphengine.server.security import CALLER
from graphengine.server.shown import job_view
from graphengine.server.views import JobView
from graphengine.service.job import Job
from graphengine.service.queue.listing import Filter


async def submit(request: web.Request) -> web.Response:
    """Queue a job, or a batch of them. It is on the disk when 201 is answered; 200: it was there already."""
    backend, caller = request.app[BACKEND], request[CALLER]
    asked = await read_body(request, Submit)
    backend.check_open()
    found = await proven(backend, asked, caller.name)
    submission, spread = found.submission, found.spread
    if spread is not None:
        batch = await backend.store.queue.submit_batch(submission, spread, content=found.content)
        return _created(BatchOut.of(batch.batch), f"/api/batches/{submission.id}", created=batch.created)
    accepted = await backend.store.queue.submit(submission, content=found.content)
    return _created(job_view(accepted.job), f"/api/jobs/{submission.id}", created=accepted.created)


async def list_jobs(request: web.Request) -> web.Response:
    """List jobs by when they were submitted, page by page."""
    asked = read_query(request, JobsQuery)
    known: dict[str, Any] = {each: each for each in ("queued", "running", "done", "failed", "cancelled")}
    names = asked.state.split(",") if asked.state is not None else None
    if names is not None and any(name not in known for name in names):
        raise Unacceptable(f"a state is one of {', '.join(known)}")
    states = None if names is None else frozenset(known[name] for name in names)
    wanted = Filter(states, asked.owner, asked.batch, asked.text, asked.after, asked.before)
    queue = request.app[BACKEND].store.queue
    page = await queue.list(wanted, limit=asked.limit, cursor=asked.cursor, order=asked.order)
    if len(page.jobs) >= LONG:
        return await long_answer(lambda: JobsOut.of(page.jobs, page.cursor))
    return answer(JobsOut.of(page.jobs, page.cursor))


async def get(request: web.Request) -> web.Response:
    """Return a job, and when it is done its result."""
    return answer(job_view(await request.app[BACKEND].store.queue.get(request.match_info["id"])))


async def workflow(request: web.Request) -> web.Response:
    """Return the workflow of a job as it was submitted, without the values of its inputs."""
    store = request.app[BACKEND].store
    job = await store.queue.get(request.match_info["id"])
    return answer(ObjectOut(**await store.document(job.workflow)))


async def cancel(request: web.Request) -> web.Response:
    """Cancel a job: at once if it waits, else by telling it to stop. On one that is over it has no effect."""
    backend, job = await _own(request)
    await read_body(request, Nothing)
    return answer(job_view(await backend.store.queue.cancel(job.id)))


async def retry(request: web.Request) -> web.Response:
    """Queue a job again that failed or was cancelled."""
    backend, job = await _own(request)
    await read_body(request, Nothing)
    return answer(job_view(await backend.store.queue.retry(job.id)))


async def move(request: web.Request) -> web.Response:
    """Put a waiting job elsewhere: before another one, to the front of its owner's, or to another priority."""
    backend, job = await _own(request)
    match await read_body(request, Move):
        case Move(before=str(other), front=None, priority=None):
            moved = await backend.store.queue.move_before(job.id, other)
        case Move(before=None, front=True, priority=None):
            moved = await backend.store.queue.move_to_front(job.id)
        case Move(before=None, front=None, priority=int(priority)):
            moved = await backend.store.queue.prioritize(job.id, priority)
        case _:
            raise Unacceptable("say exactly one of before, front and priority")
    return answer(job_view(moved))


async def delete(request: web.Request) -> web.Response:
    """Forget a job that is over."""
    backend, job = await _own(request)
    await backend.store.queue.delete(job.id)
    return empty()


async def batch(request: web.Request) -> web.Response:
    """Return a batch, and how many of its jobs are in which state."""
    return answer(BatchOut.of(await request.app[BACKEND].store.queue.batch(request.match_info["id"])))


async def cancel_batch(request: web.Request) -> web.Response:
    """Cancel the jobs of a batch that are not over, and return them."""
    backend, id_ = request.app[BACKEND], request.match_info["id"]
    await read_body(request, Nothing)
    request[CALLER].check_owns((await backend.store.queue.batch(id_)).owner, f"the batch {id_}")
    jobs = await backend.store.queue.cancel_batch(id_)
    return await long_answer(lambda: JobsOut.of(jobs))


async def _own(request: web.Request) -> tuple[Backend, Job]:
    """Return the job that a request names, if it is the caller's to change."""
    backend = request.app[BACKEND]
    job = await backend.store.queue.get(request.match_info["id"])
    request[CALLER].check_owns(job.owner, "the job")
    return backend, job


def _created(model: JobView | BatchOut, location: str, *, created: bool) -> web.Response:
    return answer(model, 201 if created else 200, {"Location": location})


ROUTES = (
    Route("POST", "/api/jobs", submit, "submit", "jobs", body=Submit, answer=JobView, statuses=(201, 200)),
    Route("GET", "/api/jobs", list_jobs, "read", "jobs", query=JobsQuery, answer=JobsOut),
    Route("GET", "/api/jobs/{id}", get, "read", "jobs", answer=JobView),
    Route("GET", "/api/jobs/{id}/workflow", workflow, "read", "jobs", answer=ObjectOut),
    Route("POST", "/api/jobs/{id}/cancel", cancel, "submit", "jobs", body=Nothing, answer=JobView),
    Route("POST", "/api/jobs/{id}/retry", retry, "submit", "jobs", body=Nothing, answer=JobView),
    Route("POST", "/api/jobs/{id}/move", move, "submit", "jobs", body=Move, answer=JobView),
    Route("DELETE", "/api/jobs/{id}", delete, "submit", "jobs", statuses=(204,)),
    Route("GET", "/api/batches/{id}", batch, "read", "jobs", answer=BatchOut),
    Route("POST", "/api/batches/{id}/cancel", cancel_batch, "submit", "jobs", body=Nothing, answer=JobsOut),
)
