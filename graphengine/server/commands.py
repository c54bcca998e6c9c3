"""What a caller may ask of the queue, from the websocket or over HTTP: one place that answers both."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, assert_never

from pydantic import JsonValue

from graphengine.errors import QueueFull, ServiceError, StoreRefused, StoreUnavailable, WorkflowError
from graphengine.server.messages import Cancel, Command, Get, List, Move, Pause, Retry, Submit
from graphengine.server.views import Fault, JobFailure, JobView, Refusal
from graphengine.service.job import Job, JsonObject, Submission
from graphengine.service.queue.listing import Filter
from graphengine.service.spread import Spread
from graphengine.service.store import Store
from graphengine.workflow.parse import workflow_from

Permission = Literal["read", "submit", "admin"]
Result = dict[str, Any]
Outcome = Result | Refusal

EVERYTHING: Final[frozenset[Permission]] = frozenset({"read", "submit", "admin"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what that one may do."""

    owner: str
    permissions: frozenset[Permission] = EVERYTHING


class Forbidden(Exception):
    """The caller may not do this."""


class Commands(Protocol):
    """The queue as a connection sees it."""

    async def answer(self, command: Command, caller: Caller) -> Outcome:
        """Do what is asked and return the result, or say why not; never raises for what a client may cause."""
        ...


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be proven before it is queued; with ``batch`` the inputs are those of each job besides."""

    workflow: JsonObject
    inputs: JsonObject
    targets: tuple[str, ...] | None
    spread: Spread | None


Prove = Callable[[Proposal], Awaitable[str]]
"""Prove a proposal, and return what names the weights that it loads; raises ``WorkflowError``."""


async def prove_form(proposal: Proposal) -> str:
    """Prove no more than that the workflow has the form of one."""
    workflow_from(dict(proposal.workflow))
    return ""


class StoreCommands:
    """The queue of a store."""

    def __init__(self, store: Store, prove: Prove = prove_form) -> None:
        self._store = store
        self._prove = prove

    async def answer(self, command: Command, caller: Caller) -> Outcome:
        """See :class:`Commands`."""
        needed = permission_for(command)
        if needed not in caller.permissions:
            return Refusal(code="forbidden", message=f"this needs the permission to {needed}")
        try:
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
            case Cancel() | Retry() | Move() if not await self._may_change(command.job, caller):
                raise Forbidden("the job is somebody else's")
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
            case _:
                assert_never(command)

    async def _may_change(self, job: str, caller: Caller) -> bool:
        """Return whether a job is the caller's to change."""
        return "admin" in caller.permissions or (await self._store.queue.get(job)).owner == caller.owner

    async def submit(self, asked: Submit, caller: Caller) -> Result:
        """Prove and queue a submission; ``created`` says whether it was not there yet.

        Raises:
            WorkflowError: the workflow is wrong.
            ServiceError: the queue refuses.
        """
        workflow: Mapping[str, JsonValue]
        if asked.workflow is not None:
            workflow = asked.workflow
        else:
            _, workflow = await self._store.library.get(asked.saved or "", asked.version)
        spread = None if asked.batch is None else Spread(asked.batch.mode, asked.batch.values)
        targets = None if asked.targets is None else tuple(asked.targets)
        weights = await self._prove(Proposal(workflow, asked.inputs, targets, spread))
        submission = Submission(
            asked.job or f"j{secrets.token_hex(8)}",
            caller.owner,
            workflow,
            asked.inputs,
            targets,
            asked.priority,
            asked.title,
            tuple(asked.tags),
            weights,
        )
        if spread is None:
            accepted = await self._store.queue.submit(submission)
            return {**_one(accepted.job), "created": accepted.created}
        many = await self._store.queue.submit_batch(submission, spread)
        return {"batch": many.batch.id, "total": many.batch.total, "created": many.created}

    async def _move(self, asked: Move) -> Job:
        if asked.before is None:
            return await self._store.queue.move_to_front(asked.job)
        return await self._store.queue.move_before(asked.job, asked.before)

    async def _list(self, asked: List, caller: Caller) -> Result:
        wanted = Filter(
            states=None if asked.states is None else frozenset(asked.states),
            owner=caller.owner if asked.own else None,
            batch=asked.batch,
            text=asked.text,
        )
        page = await self._store.queue.list(wanted, limit=asked.limit, cursor=asked.cursor, order=asked.order)
        return {"jobs": [_dumped(job) for job in page.jobs], "cursor": page.cursor}


def permission_for(command: Command) -> Permission:
    """Return what a caller must be allowed to ask for this."""
    match command:
        case Get() | List():
            return "read"
        case Submit() | Cancel() | Retry() | Move():
            return "submit"
        case Pause():
            return "admin"
        case _:
            assert_never(command)


def refusal_of(error: ServiceError | WorkflowError) -> Refusal:
    """Return an error as clients see it."""
    if isinstance(error, WorkflowError):
        faults = [Fault.model_validate(each, from_attributes=True) for each in error.problems[:100]]
        return Refusal(code="invalid_workflow", message="the workflow is wrong", problems=faults)
    retry_after = error.retry_after if isinstance(error, QueueFull) else None
    if isinstance(error, StoreRefused):  # its message names the file
        return Refusal(code=error.code, message="the database cannot be opened")
    if isinstance(error, StoreUnavailable):
        retry_after = 1
    return Refusal(code=error.code, message=str(error), retry_after=retry_after)


def view(job: Job) -> JobView:
    """Return a job as clients see it."""
    failure = None if job.failure is None else JobFailure.model_validate(job.failure, from_attributes=True)
    return JobView(
        id=job.id,
        seq=job.seq,
        owner=job.owner,
        state=job.state,
        priority=job.priority,
        workflow=job.workflow,
        inputs=dict(job.inputs),
        targets=None if job.targets is None else list(job.targets),
        title=job.title,
        tags=list(job.tags),
        batch=job.batch,
        created=job.created,
        started=job.started,
        ended=job.ended,
        attempt=job.attempt,
        cancelling=job.cancelling,
        failure=failure,
        result=None if job.result is None else dict(job.result),
    )


def _one(job: Job) -> Result:
    return {"job": _dumped(job)}


def _dumped(job: Job) -> Result:
    return view(job).model_dump(mode="json")
