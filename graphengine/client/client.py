"""The client: a service as it looks from a Python program."""

import json
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import quote

from graphengine.client.connection import Connection
from graphengine.client.documents import AnyWorkflow, named
from graphengine.client.errors import JobEnded, Refused
from graphengine.client.schedules import Schedules
from graphengine.client.subscription import Subscription, Update
from graphengine.client.webhooks import Webhooks
from graphengine.server.messages import Event, Resync
from graphengine.server.views import JobView, ModelsView, ModelView

PATH: Final = "/api/ws"


class Client:
    """A service, to use in an ``async with`` block.

    >>> async with Client("http://127.0.0.1:8188") as client:
    ...     async for update in client.run("text-to-image.json", prompt="a red circle"):
    ...         print(update)

    A lost connection is made again, and nothing is missed or told twice. Methods raise ``Refused`` where the
    service does not do what it is asked, and ``Disconnected`` where it is gone for longer than ``patience`` seconds.
    """

    def __init__(self, url: str, token: str | None = None, *, patience: float = 60.0) -> None:
        self._base = url.rstrip("/")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._connection = Connection(f"{self._base}{PATH}", headers, patience)
        self.schedules = Schedules(self._connection)
        """What the service runs by itself."""
        self.webhooks = Webhooks(self._connection)
        """Who is told when jobs end."""

    async def __aenter__(self) -> Self:
        await self._connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    # -------------------------------------------------------------- jobs

    async def run(self, workflow: AnyWorkflow, /, **inputs: Any) -> AsyncGenerator[Update, None]:
        """Submit a workflow with values for its inputs, and yield what happens until the job is over."""
        job = await self.submit(workflow, inputs)
        async with aclosing(self.follow(job.id)) as updates:
            async for update in updates:
                yield update

    async def submit(
        self,
        workflow: AnyWorkflow,
        inputs: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - that is what it is
        targets: Sequence[str] | None = None,
        priority: int = 0,
        title: str = "",
        tags: Sequence[str] = (),
    ) -> JobView:
        """Queue a job; when this returns, it will not be lost. The same submission under the same id is the same job.

        Raises:
            WorkflowError: the workflow is in a file, and that holds none.
        """
        request = await self._submission(workflow, inputs, id, targets, priority, title, tags)
        return _job(await self._connection.ask(request))

    async def submit_batch(
        self,
        workflow: AnyWorkflow,
        values: Mapping[str, Sequence[Any]],
        mode: Literal["zip", "product"] = "zip",
        inputs: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - that is what it is
        priority: int = 0,
    ) -> str:
        """Queue a job for each combination of values, all or none, and return the batch's id, which can be followed."""
        request = await self._submission(workflow, inputs, id, None, priority, "", ())
        spread = {"mode": mode, "values": {name: list(each) for name, each in values.items()}}
        result = await self._connection.ask({**request, "batch": spread})
        return str(result["batch"])

    async def job(self, id_: str) -> JobView:
        """Return a job as it is now."""
        return _job(await self._connection.ask({"type": "get", "job": id_}))

    async def jobs(self, *, own: bool = False, limit: int = 100, **wanted: Any) -> list[JobView]:
        """Return the newest jobs; ``wanted`` are further fields of the request ``list``."""
        result = await self._connection.ask({"type": "list", "own": own, "limit": limit, **wanted})
        return [JobView.model_validate(each) for each in result["jobs"]]

    async def models(self) -> list[ModelView]:
        """Return the models that a workflow can name, with what their headers tell."""
        found: list[ModelView] = []
        after: str | None = ""
        while after is not None:
            page = ModelsView.model_validate(await self._connection.ask({"type": "models", "after": after}))
            found, after = [*found, *page.models], page.after
        return found

    async def cancel(self, id_: str) -> JobView:
        """Cancel a job that waits, or tell one that runs to stop; on one that is over it has no effect."""
        return _job(await self._connection.ask({"type": "cancel", "job": id_}))

    async def retry(self, id_: str) -> JobView:
        """Queue a job again that failed or was cancelled."""
        try:
            return _job(await self._connection.ask({"type": "retry", "job": id_}))
        except Refused as error:
            if error.repeated and error.code == "conflict":  # it was done, and the answer was lost
                return await self.job(id_)
            raise

    async def wait(self, id_: str) -> JobView:
        """Return a job when it is over."""
        async with aclosing(self.follow(id_, live=False)) as updates:
            async for _ in updates:
                pass
        return await self.job(id_)

    async def result(self, id_: str) -> dict[str, Any]:
        """Return what a job left, by name, when it is over.

        Raises:
            JobEnded: it failed or was cancelled.
        """
        job = await self.wait(id_)
        if job.state != "done":
            raise JobEnded(job)
        return job.result or {}

    # -------------------------------------------------------------- events

    async def follow(self, id_: str, *, live: bool = True) -> AsyncGenerator[Update, None]:
        """Yield what happened to a job or a batch since it was submitted, and what happens, until it is over."""
        since = await self._beginning(id_)
        async with aclosing(self._updates(Subscription("job", id_, since, None, live=live))) as updates:
            async for update in updates:
                yield update
                if self._may_be_last(update, id_) and await self._over(id_):
                    return

    async def events(
        self,
        *,
        of: Literal["own", "all"] = "own",
        since: int | None = None,
        epoch: str | None = None,
        live: bool = True,
    ) -> AsyncGenerator[Update, None]:
        """Yield what happens to this client's jobs or to all, for ever; after ``since``, or from now on."""
        async with aclosing(self._updates(Subscription(of, None, since, epoch, live=live))) as updates:
            async for update in updates:
                yield update

    async def fetch(self, path: str) -> bytes:
        """Return what the service has under a path, such as the ``url`` of a result.

        Raises:
            aiohttp.ClientError: it cannot be had.
        """
        async with self._connection.http.get(f"{self._base}/{path.lstrip('/')}", raise_for_status=True) as response:
            return await response.read()

    async def workflow(self, id_: str) -> dict[str, Any]:
        """Return the workflow of a job as it was submitted; the values of its inputs are in ``inputs`` of the job.

        Raises:
            aiohttp.ClientError: it cannot be had.
        """
        document: dict[str, Any] = json.loads(await self.fetch(f"/api/jobs/{quote(id_, safe='')}/workflow"))
        return document

    async def _updates(self, subscription: Subscription) -> AsyncGenerator[Update, None]:
        await self._connection.follow(subscription)
        try:
            while True:
                yield await subscription.next()
        finally:
            await self._connection.forget(subscription)

    async def _submission(
        self,
        workflow: AnyWorkflow,
        inputs: Mapping[str, Any] | None,
        id_: str | None,
        targets: Sequence[str] | None,
        priority: int,
        title: str,
        tags: Sequence[str],
    ) -> dict[str, Any]:
        """Return the request for a submission; it has an id, so that it may be sent twice."""
        return {
            "type": "submit",
            "job": id_ or f"c{secrets.token_hex(8)}",
            **await named(workflow),
            "inputs": dict(inputs or {}),
            "targets": None if targets is None else list(targets),
            "priority": priority,
            "title": title,
            "tags": list(tags),
        }

    async def _beginning(self, id_: str) -> int:
        """Return the place in the log right before a job, or before a batch's first."""
        try:
            return (await self.job(id_)).seq - 1
        except Refused as error:
            if error.code != "not_found":
                raise
            oldest = await self.jobs(batch=id_, limit=1, order="oldest")
            if not oldest:
                raise
            return oldest[0].seq - 1

    def _may_be_last(self, update: Update, id_: str) -> bool:
        if isinstance(update, Event):
            return update.job == id_ and update.kind in ("finished", "batch_finished", "deleted")
        return isinstance(update, Resync)

    async def _over(self, id_: str) -> bool:
        """Whether a job is over, or all jobs of a batch, or gone; it may have been retried since it ended."""
        try:
            return (await self.job(id_)).over
        except Refused as error:
            if error.code != "not_found":
                raise
            return not await self.jobs(batch=id_, limit=1, states=["queued", "running"])


def _job(result: dict[str, Any]) -> JobView:
    return JobView.model_validate(result["job"])
