"""The client without ``await``, for notebooks and scripts: the same methods, a loop of its own in a thread."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Coroutine, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from graphengine.client.client import Client
from graphengine.client.documents import AnyWorkflow
from graphengine.client.subscription import Update
from graphengine.client.sync_standing import SyncSchedules, SyncWebhooks
from graphengine.server.views import JobView, ModelView

T = TypeVar("T")


class SyncClient:
    """A service, to use in a ``with`` block, or without one until :meth:`close`; see :class:`Client`."""

    def __init__(self, url: str, token: str | None = None, *, patience: float = 60.0) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="graphengine-client", daemon=True)
        self._thread.start()
        self._client = Client(url, token, patience=patience)
        self.schedules = SyncSchedules(self._client.schedules, self._do)
        """What the service runs by itself."""
        self.webhooks = SyncWebhooks(self._client.webhooks, self._do)
        """Who is told when jobs end."""
        try:
            self._do(self._client.__aenter__())
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the service."""
        if not self._loop.is_closed():
            self._do(self._client.__aexit__(None, None, None))
            self._stop()

    def run(self, workflow: AnyWorkflow, /, **inputs: Any) -> Iterator[Update]:
        """See :meth:`Client.run`."""
        return self._each(self._client.run(workflow, **inputs))

    def submit(self, workflow: AnyWorkflow, inputs: Mapping[str, Any] | None = None, **options: Any) -> JobView:
        """See :meth:`Client.submit`."""
        return self._do(self._client.submit(workflow, inputs, **options))

    def submit_batch(
        self,
        workflow: AnyWorkflow,
        values: Mapping[str, Sequence[Any]],
        mode: Literal["zip", "product"] = "zip",
        **options: Any,
    ) -> str:
        """See :meth:`Client.submit_batch`."""
        return self._do(self._client.submit_batch(workflow, values, mode, **options))

    def job(self, id_: str) -> JobView:
        """See :meth:`Client.job`."""
        return self._do(self._client.job(id_))

    def jobs(self, **wanted: Any) -> list[JobView]:
        """See :meth:`Client.jobs`."""
        return self._do(self._client.jobs(**wanted))

    def models(self) -> list[ModelView]:
        """See :meth:`Client.models`."""
        return self._do(self._client.models())

    def cancel(self, id_: str) -> JobView:
        """See :meth:`Client.cancel`."""
        return self._do(self._client.cancel(id_))

    def retry(self, id_: str) -> JobView:
        """See :meth:`Client.retry`."""
        return self._do(self._client.retry(id_))

    def wait(self, id_: str) -> JobView:
        """See :meth:`Client.wait`."""
        return self._do(self._client.wait(id_))

    def result(self, id_: str) -> dict[str, Any]:
        """See :meth:`Client.result`."""
        return self._do(self._client.result(id_))

    def follow(self, id_: str, *, live: bool = True) -> Iterator[Update]:
        """See :meth:`Client.follow`."""
        return self._each(self._client.follow(id_, live=live))

    def fetch(self, path: str) -> bytes:
        """See :meth:`Client.fetch`."""
        return self._do(self._client.fetch(path))

    def workflow(self, id_: str) -> dict[str, Any]:
        """See :meth:`Client.workflow`."""
        return self._do(self._client.workflow(id_))

    def _do(self, act: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(act, self._loop)
        try:
            return future.result()
        except BaseException:  # an interrupt from the keyboard ends the act too
            future.cancel()
            raise

    def _each(self, updates: AsyncGenerator[Update, None]) -> Iterator[Update]:
        async def following() -> Update | None:
            return await anext(updates, None)

        async def end() -> None:
            await updates.aclose()

        try:
            while (update := self._do(following())) is not None:
                yield update
        finally:
            self._do(end())

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
