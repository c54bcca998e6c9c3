"""What a caller may ask of the service on the websocket: one place that answers it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from graphengine.errors import NotReady, QueueFull, ServiceError, StoreRefused, StoreUnavailable, WorkflowError
from graphengine.server.access import Caller, Forbidden, Scope
from graphengine.server.messages import Cancel, Command, Get, List, Models, Move, Pause, Retry, Submit
from graphengine.server.orders import LOOKS
from graphengine.server.shown import job_view
from graphengine.server.standing import Result, Standing
from graphengine.server.views import Fault, ModelsView, Refusal
from graphengine.service.documents import Content
from graphengine.service.job import Job, JsonObject, Submission
from graphengine.service.queue.listing import Filter
from graphengine.service.spread import Spread
from graphengine.service.store import Store

Outcome = Result | Refusal


class Commands(Protocol):
    """The service as a connection sees it."""

    async def answer(self, command: Command, caller: Caller) -> Outcome:
        """Do what is asked and return the result, or say why not; never raises for what a client may cause."""
        ...


@dataclass(frozen=True, slots=True)
class Proven:
    """A submission that may be queued; ``content`` is its workflow as it is kept, if that is known already."""

    submission: Submission
    spread: Spread | None = None
    content: Content | None = None


Prepare = Callable[[Submit, str], Awaitable[Proven]]
"""Prove what is to be queued for an owner; raises ``WorkflowError`` or a ``ServiceError``."""


ListModels = Callable[[int, str], Awaitable[ModelsView]]
"""Return at most so many models, those whose names come after one."""


class StoreCommands:
    """The queue of a store, and what stands."""

    def __init__(self, store: Store, standing: Standing, prepare: Prepare, list_models: ListModels) -> None:
        self._store = store
        self._standing = standing
        self._prepare = prepare
        self._list_models = list_models

    async def answer(self, command: Command, caller: Caller) -> Outcome:
        """See :class:`Commands`."""
        needed = permission_for(command)
        if not caller.may(needed):
            return Refusal(code="forbidden", message=f"this needs the permission to {needed}")
        try:
            if isinstance(command, Cancel | Retry | Move):
                caller.check_owns((await self._store.queue.get(command.job)).owner, "the job")
            return await self._do(command, caller)
        except Forbidden as error:
            return Refusal(code="forbidden", message=str(error))
        except (ServiceError, WorkflowError) as error:
            return refusal_of(error)

    async def _do(self, command: Command, caller: Caller) -> Result:
        queue = self._store.queue
        match command:
            case Submit():
                return await self.submit(command, caller)
            case Cancel():
                return _one(await queue.cancel(command.job))
            case Retry():
                return _one(await queue.retry(command.job))
            case Move():
                return _one(await self._move(command))
            case Pause():
                await (queue.pause() if command.paused else queue.resume())
                return {"paused": command.paused}
            case Get():
                return _one(await queue.get(command.job))
            case List():
                return await self._list(command, caller)
            case Models():
                found = await self._list_models(command.limit, command.after)
                return found.model_dump(mode="json")
            case _:
                return await self._standing.answer(command, caller)

    async def submit(self, asked: Submit, caller: Caller) -> Result:
        """Prove and queue a submission; ``created`` says whether it was not there yet.

        Raises:
            WorkflowError: the workflow is wrong.
            ServiceError: the queue refuses.
        """
        proven = await self._prepare(asked, caller.name)
        if proven.spread is None:
            accepted = await self._store.queue.submit(proven.submission, content=proven.content)
            return {**_one(accepted.job), "created": accepted.created}
        many = await self._store.queue.submit_batch(proven.submission, proven.spread, content=proven.content)
        return {"batch": many.batch.id, "total": many.batch.total, "created": many.created}

    async def _move(self, asked: Move) -> Job:
        if asked.before is None:
            return await self._store.queue.move_to_front(asked.job)
        return await self._store.queue.move_before(asked.job, asked.before)

    async def _list(self, asked: List, caller: Caller) -> Result:
        wanted = Filter(
            states=None if asked.states is None else frozenset(asked.states),
            owner=caller.name if asked.own else None,
            batch=asked.batch,
            text=asked.text,
        )
        page = await self._store.queue.list(wanted, limit=asked.limit, cursor=asked.cursor, order=asked.order)
        return {"jobs": await asyncio.to_thread(lambda: [_dumped(job) for job in page.jobs]), "cursor": page.cursor}


async def form_of(store: Store, asked: Submit, owner: str) -> Proven:
    """Return what is to be queued, with nothing proven yet.

    Raises:
        NotFound: it has a name that is not known.
    """
    workflow: JsonObject | None = asked.workflow
    if workflow is None:
        _, workflow = await store.library.get(asked.saved or "", asked.version)
    submission = Submission(
        id=asked.job or f"j{secrets.token_hex(8)}",
        owner=owner,
        workflow=workflow,
        inputs=asked.inputs,
        targets=None if asked.targets is None else tuple(asked.targets),
        priority=asked.priority,
        title=asked.title,
        tags=tuple(asked.tags),
    )
    return Proven(submission, None if asked.batch is None else Spread(asked.batch.mode, asked.batch.values))


def permission_for(command: Command) -> Scope:
    """Return what a caller must be allowed to ask for this."""
    match command:
        case Get() | List() | Models():
            return "read"
        case Submit() | Cancel() | Retry() | Move():
            return "submit"
        case Pause():
            return "admin"
        case _:
            return "read" if isinstance(command, LOOKS) else "submit"


def refusal_of(error: ServiceError | WorkflowError) -> Refusal:
    """Return an error as clients see it."""
    if isinstance(error, WorkflowError):
        faults = [Fault.model_validate(each, from_attributes=True) for each in error.problems[:100]]
        return Refusal(code="invalid_workflow", message="the workflow is wrong", problems=faults)
    retry_after = error.retry_after if isinstance(error, QueueFull) else None
    if isinstance(error, StoreRefused):  # its message names the file
        return Refusal(code=error.code, message="the database cannot be opened")
    if isinstance(error, StoreUnavailable | NotReady):
        retry_after = 1
    return Refusal(code=error.code, message=str(error), retry_after=retry_after)


def _one(job: Job) -> Result:
    return {"job": _dumped(job)}


def _dumped(job: Job) -> Result:
    return job_view(job).model_dump(mode="json")
