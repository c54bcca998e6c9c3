"""Schedules of a service, from a Python program."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from graphengine.client.connection import Connection
from graphengine.client.documents import AnyWorkflow, document_or_name
from graphengine.client.errors import Refused
from graphengine.server.timed import ScheduleView, Trigger
from graphengine.server.views import JobView

AnyTrigger = Trigger | Mapping[str, Any]
"""What fires a schedule: ``{"kind": "cron", "expression": "0 2 * * *", "zone": "Europe/Berlin"}``."""


class Schedules:
    """What a service runs by itself; see ``Client.schedules``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(
        self,
        id_: str,
        trigger: AnyTrigger,
        workflow: AnyWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        targets: Sequence[str] | None = None,
        priority: int = 0,
        title: str = "",
        tags: Sequence[str] = (),
        misfire: Mapping[str, Any] | None = None,
        paused: bool = False,
        secret: str | None = None,
        expected: int | None = None,
    ) -> ScheduleView:
        """Make a schedule, or replace the one of that id. Of a saved workflow the newest version is run each time.

        A new webhook that is given no ``secret`` has one in what this returns, and never again. (If the connection
        broke meanwhile it may be lost: then save again with one.)

        Args:
            misfire: what becomes of times that were missed, ``{"policy": "all"}``.
            expected: the revision that the change was made from, 0 for a new schedule.

        Raises:
            WorkflowError: the workflow is in a file, and that holds none.
        """
        request = {
            "type": "save_schedule",
            "schedule": id_,
            "trigger": dict(trigger) if isinstance(trigger, Mapping) else trigger.model_dump(),
            "workflow": await document_or_name(workflow),
            "inputs": dict(inputs or {}),
            "targets": None if targets is None else list(targets),
            "priority": priority,
            "title": title,
            "tags": list(tags),
            "misfire": dict(misfire or {}),
            "paused": paused,
            "secret": secret,
            "expected": expected,
        }
        return _schedule(await self._connection.ask(request))

    async def get(self, id_: str) -> ScheduleView:
        """Return a schedule, and when it fires next."""
        return _schedule(await self._connection.ask({"type": "get_schedule", "schedule": id_}))

    async def list(self, *, own: bool = False, limit: int = 100, after: str = "") -> Sequence[ScheduleView]:
        """Return schedules by id, those after the id ``after``."""
        asked = {"type": "list_schedules", "own": own, "limit": limit, "after": after}
        return [ScheduleView.model_validate(each) for each in (await self._connection.ask(asked))["schedules"]]

    async def pause(self, id_: str) -> ScheduleView:
        """Let a schedule fire no more, until it is resumed."""
        return _schedule(await self._connection.ask({"type": "pause_schedule", "schedule": id_}))

    async def resume(self, id_: str) -> ScheduleView:
        """Let a schedule fire again, from now on."""
        return _schedule(await self._connection.ask({"type": "pause_schedule", "schedule": id_, "paused": False}))

    async def fire(self, id_: str, inputs: Mapping[str, Any] | None = None, *, key: str | None = None) -> JobView:
        """Queue a job of a schedule now; the same inputs under the same ``key`` are the same job."""
        asked = {
            "type": "fire_schedule",
            "schedule": id_,
            "inputs": dict(inputs or {}),
            "key": key or secrets.token_hex(8),  # so that it may be asked twice
        }
        return JobView.model_validate((await self._connection.ask(asked))["job"])

    async def delete(self, id_: str) -> None:
        """Remove a schedule; the jobs that it made stay."""
        try:
            await self._connection.ask({"type": "delete_schedule", "schedule": id_})
        except Refused as error:
            if not (error.repeated and error.code == "not_found"):  # else it was done, and the answer was lost
                raise


def _schedule(result: dict[str, Any]) -> ScheduleView:
    return ScheduleView.model_validate(result["schedule"])
