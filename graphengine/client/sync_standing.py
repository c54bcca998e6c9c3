"""Schedules and webhooks without ``await``."""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from graphengine.client.documents import AnyWorkflow
from graphengine.client.schedules import AnyTrigger, Schedules
from graphengine.client.webhooks import Webhooks
from graphengine.server.timed import ScheduleView
from graphengine.server.views import JobView
from graphengine.server.webhooks import DeliveryView, WebhookView

T = TypeVar("T")


class Do(Protocol):
    """Runs something to its end in the loop of the client."""

    def __call__(self, act: Coroutine[Any, Any, T], /) -> T:
        """Return what came of it."""
        ...


class SyncSchedules:
    """See :class:`Schedules`."""

    def __init__(self, schedules: Schedules, do: Do) -> None:
        self._schedules = schedules
        self._do = do

    def save(
        self,
        id_: str,
        trigger: AnyTrigger,
        workflow: AnyWorkflow,
        inputs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> ScheduleView:
        """See :meth:`Schedules.save`."""
        return self._do(self._schedules.save(id_, trigger, workflow, inputs, **options))

    def get(self, id_: str) -> ScheduleView:
        """See :meth:`Schedules.get`."""
        return self._do(self._schedules.get(id_))

    def list(self, **wanted: Any) -> Sequence[ScheduleView]:
        """See :meth:`Schedules.list`."""
        return self._do(self._schedules.list(**wanted))

    def pause(self, id_: str) -> ScheduleView:
        """See :meth:`Schedules.pause`."""
        return self._do(self._schedules.pause(id_))

    def resume(self, id_: str) -> ScheduleView:
        """See :meth:`Schedules.resume`."""
        return self._do(self._schedules.resume(id_))

    def fire(self, id_: str, inputs: Mapping[str, Any] | None = None, *, key: str | None = None) -> JobView:
        """See :meth:`Schedules.fire`."""
        return self._do(self._schedules.fire(id_, inputs, key=key))

    def delete(self, id_: str) -> None:
        """See :meth:`Schedules.delete`."""
        self._do(self._schedules.delete(id_))


class SyncWebhooks:
    """See :class:`Webhooks`."""

    def __init__(self, webhooks: Webhooks, do: Do) -> None:
        self._webhooks = webhooks
        self._do = do

    def save(self, id_: str, url: str, **options: Any) -> WebhookView:
        """See :meth:`Webhooks.save`."""
        return self._do(self._webhooks.save(id_, url, **options))

    def get(self, id_: str) -> WebhookView:
        """See :meth:`Webhooks.get`."""
        return self._do(self._webhooks.get(id_))

    def list(self) -> Sequence[WebhookView]:
        """See :meth:`Webhooks.list`."""
        return self._do(self._webhooks.list())

    def delete(self, id_: str) -> None:
        """See :meth:`Webhooks.delete`."""
        self._do(self._webhooks.delete(id_))

    def ping(self, id_: str) -> DeliveryView:
        """See :meth:`Webhooks.ping`."""
        return self._do(self._webhooks.ping(id_))

    def deliveries(self, id_: str, **wanted: Any) -> Sequence[DeliveryView]:
        """See :meth:`Webhooks.deliveries`."""
        return self._do(self._webhooks.deliveries(id_, **wanted))

    def retry(self, id_: str, delivery: str) -> DeliveryView:
        """See :meth:`Webhooks.retry`."""
        return self._do(self._webhooks.retry(id_, delivery))
