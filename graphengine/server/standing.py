"""Answers to what is asked on the websocket about schedules and webhooks."""

from typing import Any, assert_never

from pydantic import BaseModel

from graphengine.server.access import Caller
from graphengine.server.notices import Notices
from graphengine.server.orders import (
    DeleteSchedule,
    DeleteWebhook,
    FireSchedule,
    GetSchedule,
    GetWebhook,
    ListDeliveries,
    ListSchedules,
    ListWebhooks,
    Order,
    PauseSchedule,
    PingWebhook,
    RetryDelivery,
    SaveSchedule,
    SaveWebhook,
)
from graphengine.server.shown import job_view
from graphengine.server.timetable import Timetable

Result = dict[str, Any]


class Standing:
    """The schedules and webhooks of a store, as a connection sees them."""

    def __init__(self, timetable: Timetable, notices: Notices) -> None:
        self._timetable = timetable
        self._notices = notices

    async def answer(self, order: Order, caller: Caller) -> Result:
        """Do what is asked and return the result.

        Raises:
            Forbidden: it is somebody else's.
            ServiceError: the service refuses.
            WorkflowError: the workflow is wrong.
        """
        match order:
            case SaveSchedule() | GetSchedule() | ListSchedules() | PauseSchedule() | FireSchedule() | DeleteSchedule():
                return await self._schedule(order, caller)
            case _:
                return await self._webhook(order, caller)

    async def _schedule(
        self,
        order: SaveSchedule | GetSchedule | ListSchedules | PauseSchedule | FireSchedule | DeleteSchedule,
        caller: Caller,
    ) -> Result:
        table = self._timetable
        match order:
            case SaveSchedule():
                saved, created = await table.save(caller, order.schedule, order)
                return {"schedule": _dumped(saved), "created": created}
            case GetSchedule():
                return {"schedule": _dumped(await table.get(order.schedule))}
            case ListSchedules():
                owner = caller.name if order.own else None
                found = await table.list(owner, limit=order.limit, after=order.after)
                return {"schedules": [_dumped(each) for each in found]}
            case PauseSchedule():
                return {"schedule": _dumped(await table.pause(caller, order.schedule, paused=order.paused))}
            case FireSchedule():
                fired = await table.fire(caller, order.schedule, order.inputs, order.key)
                return {"job": _dumped(job_view(fired.job)), "created": fired.created}
            case DeleteSchedule():
                await table.delete(caller, order.schedule)
                return {}
            case _:
                assert_never(order)

    async def _webhook(
        self,
        order: SaveWebhook | GetWebhook | ListWebhooks | DeleteWebhook | PingWebhook | ListDeliveries | RetryDelivery,
        caller: Caller,
    ) -> Result:
        notices = self._notices
        match order:
            case SaveWebhook():
                saved, created = await notices.save(caller, order.webhook, order)
                return {"webhook": _dumped(saved), "created": created}
            case GetWebhook():
                return {"webhook": _dumped(await notices.get(caller, order.webhook))}
            case ListWebhooks():
                return {"webhooks": [_dumped(each) for each in await notices.list(caller)]}
            case DeleteWebhook():
                await notices.delete(caller, order.webhook)
                return {}
            case PingWebhook():
                return {"delivery": _dumped(await notices.ping(caller, order.webhook))}
            case ListDeliveries():
                found = await notices.deliveries(
                    caller, order.webhook, order.state, limit=order.limit, after=order.after
                )
                return {"deliveries": [_dumped(each) for each in found]}
            case RetryDelivery():
                return {"delivery": _dumped(await notices.retry(caller, order.webhook, order.delivery))}
            case _:
                assert_never(order)


def _dumped(model: BaseModel) -> Result:
    return model.model_dump(mode="json")
