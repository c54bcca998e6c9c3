"""Schedules as callers may look at and change them: one place that answers HTTP and the websocket."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from pydantic import JsonValue, ValidationError

from graphengine.errors import Conflict, FileRefused, NotFound, Unacceptable
from graphengine.server.access import Caller, Stranger
from graphengine.server.shown import schedule_view
from graphengine.server.timed import Misfire, ScheduleFields, ScheduleView, Trigger
from graphengine.service.job import JsonObject
from graphengine.service.queue.submit import Accepted
from graphengine.service.schedule import misfire, trigger
from graphengine.service.schedule.happening import Folder, Hook
from graphengine.service.schedule.schedule import Draft, Schedule
from graphengine.service.store import Store

Prove = Callable[[JsonObject, JsonObject, Collection[str] | None, Collection[str]], str]
"""Proves a document with inputs and targets, where values for some inputs come later, and returns the name of the
models that it loads. It raises ``WorkflowError``, and is called in a thread."""

Locate = Callable[[Folder], Path]
"""Returns where a watched folder lies, or raises ``FileRefused``; called in a thread."""

_SECRET: Final = 32  # random bytes


Known = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    """Wait for nothing."""


class Timetable:
    """The schedules of a store.

    Args:
        prove: looks at what shall be run.
        locate: looks for the folders that shall be watched.
        known: waits until both can be asked.
    """

    def __init__(self, store: Store, prove: Prove, locate: Locate, known: Known = _at_once) -> None:
        self._store = store
        self._prove = prove
        self._locate = locate
        self._known_by_now = known

    async def get(self, id_: str) -> ScheduleView:
        """Return a schedule.

        Raises:
            NotFound: there is no such schedule.
        """
        return schedule_view(await self._store.schedules.get(id_))

    async def list(self, owner: str | None, *, limit: int, after: str) -> Sequence[ScheduleView]:
        """Return the schedules of one owner or of all, by id, those after the id ``after``."""
        found = await self._store.schedules.list(owner, limit=limit, after=after)
        return await asyncio.to_thread(lambda: [schedule_view(each) for each in found])

    async def save(self, caller: Caller, id_: str, asked: ScheduleFields) -> tuple[ScheduleView, bool]:
        """Make a schedule or replace one, and return it, and whether it is new.

        Raises:
            Forbidden: it is somebody else's.
            NotFound: there is no workflow of that name.
            Conflict: it is not as expected, or there are too many.
            Unacceptable: a part of it cannot be.
            WorkflowError: with every problem of the workflow.
        """
        known = await self._known(caller, id_)
        await self._known_by_now()
        fires = await asyncio.to_thread(self._trigger, asked.trigger)
        document, name = await self._document(asked.workflow)
        later = _later(fires)
        weights = await asyncio.to_thread(self._prove, document, asked.inputs, asked.targets, later)
        draft = Draft(
            id=id_,
            owner=caller.name if known is None else known.draft.owner,
            trigger=fires,
            workflow=document if name is None else None,
            name=name,
            inputs=asked.inputs,
            targets=None if asked.targets is None else tuple(asked.targets),
            priority=asked.priority,
            title=asked.title,
            tags=tuple(asked.tags),
            weights=weights,
            misfire=_misfire(asked.misfire),
            enabled=not asked.paused,
        )
        secret, expected = asked.secret, asked.expected
        if isinstance(fires, Hook) and secret is None and (known is None or not known.lock):
            secret = secrets.token_urlsafe(_SECRET)
            expected = 0 if known is None else known.revision  # who comes second must not be told a void secret
        elif not isinstance(fires, Hook) and secret is not None:
            raise Unacceptable("only a webhook has a secret")
        saved = await self._store.schedules.save(draft, secret=secret, expected=expected)
        return schedule_view(saved, secret), known is None

    async def pause(self, caller: Caller, id_: str, *, paused: bool) -> ScheduleView:
        """Let a schedule fire no more, or again from now on.

        Raises:
            Forbidden: it is somebody else's.
            NotFound: there is no such schedule.
        """
        await self._own(caller, id_)
        return schedule_view(await self._store.schedules.enable(id_, enabled=not paused))

    async def delete(self, caller: Caller, id_: str) -> None:
        """Remove a schedule; the jobs that it made stay.

        Raises:
            Forbidden: it is somebody else's.
            NotFound: there is no such schedule.
        """
        await self._own(caller, id_)
        await self._store.schedules.delete(id_)

    async def fire(self, caller: Caller, id_: str, inputs: JsonObject, key: str | None) -> Accepted:
        """Queue a job of a schedule now, also of one that is paused.

        Args:
            inputs: those that go over the schedule's own.
            key: names the occasion: the same under the same key is the same job.

        Raises:
            Forbidden: it is somebody else's.
            NotFound: there is no such schedule, or its workflow is gone.
            Conflict: the key stands for another job.
            QueueFull: too many jobs wait.
            WorkflowError: with every problem of the workflow.
        """
        await self._own(caller, id_)
        return await self._fire(id_, inputs, key)

    async def knock(self, id_: str, secret: str) -> Schedule:
        """Return the schedule that a secret opens to a request.

        Raises:
            Stranger: there is none; whether the id is wrong or the secret is not told.
        """
        try:
            schedule = await self._store.schedules.get(id_)
        except NotFound:
            schedule = None
        if schedule is None or not schedule.opens(secret):
            raise Stranger("there is no webhook that this secret opens")
        return schedule

    async def enter(self, schedule: Schedule, body: JsonValue, key: str | None) -> Accepted:
        """Queue the job of a request that knew the secret; see :meth:`fire`.

        Raises:
            Conflict: the schedule is paused.
            Unacceptable: the body lacks something.
        """
        hook = schedule.draft.trigger
        if not schedule.draft.enabled or not isinstance(hook, Hook):
            raise Conflict(f"the schedule {schedule.id} is paused")
        return await self._fire(schedule.id, hook.inputs(body, schedule.draft.inputs), key)

    async def _fire(self, id_: str, inputs: JsonObject, key: str | None) -> Accepted:
        schedule, document = await self._store.firing.open(id_)
        together = {**schedule.draft.inputs, **inputs}
        await self._known_by_now()
        await asyncio.to_thread(self._prove, document, together, schedule.draft.targets, ())
        return await self._store.firing.fire(schedule, document, inputs, key)

    async def _own(self, caller: Caller, id_: str) -> Schedule:
        schedule = await self._store.schedules.get(id_)
        caller.check_owns(schedule.draft.owner, f"the schedule {id_}")
        return schedule

    async def _known(self, caller: Caller, id_: str) -> Schedule | None:
        try:
            return await self._own(caller, id_)
        except NotFound:
            return None

    async def _document(self, workflow: JsonObject | str) -> tuple[JsonObject, str | None]:
        """Return a document, and the name under which it is saved if it was named."""
        if not isinstance(workflow, str):
            return workflow, None
        _, document = await self._store.library.get(workflow)
        return document, workflow

    def _trigger(self, asked: Trigger) -> trigger.Trigger:
        try:
            found = trigger.TRIGGER.validate_json(asked.model_dump_json())
        except ValidationError as error:  # its form was right: a day that no calendar has
            raise Unacceptable(error.errors(include_url=False)[0]["msg"]) from None
        if isinstance(found, Folder):
            try:
                self._locate(found)
            except FileRefused as error:
                raise Unacceptable(f"{error} {error.hint}".strip()) from None
        return found


def _misfire(asked: Misfire) -> misfire.Misfire:
    return misfire.Misfire(asked.policy, asked.grace_seconds, asked.most)


def _later(fires: trigger.Trigger) -> Collection[str]:
    """Return the inputs whose values come with an occasion."""
    match fires:
        case Folder():
            return (fires.input,)
        case Hook():
            return tuple(fires.fields)
        case _:
            return ()
