"""A small service for the tests of the stream and its client: a real store and socket, and a worker that pretends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from graphengine.errors import Failure, LeaseLost
from graphengine.node.context import Preview
from graphengine.run.messages import TaskPreview, TaskProgress
from graphengine.server.access import Caller
from graphengine.server.commands import Proven, StoreCommands, form_of
from graphengine.server.hub import Hub, HubLimits
from graphengine.server.messages import JSON, MSGPACK, Submit
from graphengine.server.notices import Notices
from graphengine.server.socket import handle_socket
from graphengine.server.standing import Standing
from graphengine.server.timetable import Timetable
from graphengine.server.views import ModelsView
from graphengine.service.job import Job
from graphengine.service.limits import Limits
from graphengine.service.live import LiveFeed
from graphengine.service.store import Store
from graphengine.workflow.parse import workflow_from

PICTURE = Preview("image/jpeg", b"\xff\xd8picture", 8, 8)


async def no_models(limit: int, after: str) -> ModelsView:
    return ModelsView(models=[])


def prove_form(document: Any, *others: Any) -> str:
    """No more is proven than that a workflow has the form of one."""
    workflow_from(document)
    return ""


class Service:
    """The parts of a service on one port, which can be stopped and started again."""

    def __init__(self, folder: Path, hub_limits: HubLimits | None = None, limits: Limits | None = None) -> None:
        self.folder = folder
        self.hub_limits = hub_limits or HubLimits()
        self.limits = limits or Limits()
        self.port = 0
        self.connections: list[web.Request] = []
        self.caller: Caller | None = None
        self.works = True

    async def start(self) -> None:
        self.store = await Store.open(self.folder, self.limits)
        self.feed = LiveFeed()
        self.hub = Hub(self.store, self.feed, self.hub_limits)
        timetable = Timetable(self.store, prove_form, lambda folder: self.folder)
        standing = Standing(timetable, Notices(self.store, lambda url: None))
        self.commands = StoreCommands(self.store, standing, self.prepare, no_models)
        app = web.Application()
        app.router.add_get("/api/ws", self.handle)
        self.runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self.runner.addresses[0][1]
        self.worker = asyncio.create_task(self.work()) if self.works else None

    async def prepare(self, asked: Submit, owner: str) -> Proven:
        form = await form_of(self.store, asked, owner)
        prove_form(dict(form.submission.workflow))
        return form

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.connections.append(request)
        try:
            caller = self.caller or Caller(request.query.get("owner", "ann"), "admin")
            return await handle_socket(request, self.commands, self.hub, caller)
        finally:
            self.connections.remove(request)

    async def stop(self) -> None:
        if self.worker is not None:
            self.worker.cancel()
            with suppress(asyncio.CancelledError):
                await self.worker
        await self.hub.close()
        await self.runner.cleanup()
        await self.store.close()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def disconnect(self) -> int:
        """Cut every connection, as a network does."""
        for request in self.connections:
            if request.transport is not None:
                request.transport.abort()
        return len(self.connections)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -------------------------------------------------------------- a worker that pretends

    async def work(self) -> None:
        """Run jobs as their inputs say: ``steps`` of progress in each, ``fail``, or ``wait`` until cancelled."""
        while True:
            job = await self.store.attempts.take()
            with suppress(LeaseLost):
                await self.run(job)

    async def run(self, job: Job) -> None:
        attempts, lease = self.store.attempts, job.lease
        await attempts.record(lease, [("task_started", {"task": "sample"})])
        for step in range(int(job.inputs.get("steps", 2))):  # type: ignore[arg-type]
            self.feed.tell(job.id, job.owner, TaskProgress("sample", step + 1, 2))
            self.feed.tell(job.id, job.owner, TaskPreview("sample", PICTURE))
            await asyncio.sleep(float(job.inputs.get("pause", 0)))  # type: ignore[arg-type]
        if job.inputs.get("wait"):
            await attempts.told_to_stop(lease)
            await attempts.stop(lease)
        elif job.inputs.get("fail"):
            await attempts.fail(lease, Failure("node_error", "no luck"))
        else:
            await attempts.record(lease, [("task_finished", {"task": "sample", "seconds": 0.1})])
            await attempts.finish(lease, {"image": f"of {job.id}"})


async def settled(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Raw:
    """A client that says exactly what a test wants it to say, in JSON."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def told(self) -> dict[str, Any]:
        return await self.socket.receive_json(timeout=60.0)  # type: ignore[no-any-return]

    async def reply(self, id_: str | None) -> dict[str, Any]:
        """Return the reply of that id; what comes before is dropped."""
        while (told := await self.told())["type"] != "reply" or told["id"] != id_:
            pass
        return told

    async def ask(self, type_: str, id_: str = "x", **fields: Any) -> dict[str, Any]:
        await self.socket.send_json({"type": type_, "id": id_, **fields})
        return await self.reply(id_)

    async def until(self, kind: str, job: str) -> list[dict[str, Any]]:
        """Return what is told until an event of that kind about a job."""
        found = [await self.told()]
        while (found[-1].get("kind"), found[-1].get("job")) != (kind, job):
            found.append(await self.told())
        return found


@asynccontextmanager
async def connected(service: Service, owner: str = "ann", **options: Any) -> AsyncIterator[Raw]:
    """A raw client that was greeted."""
    options = {"protocols": [JSON], **options}
    url = f"{service.url}/api/ws?owner={owner}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, **options) as socket:
        if MSGPACK not in options["protocols"]:
            assert (await socket.receive_json())["type"] == "hello"
        yield Raw(socket)
