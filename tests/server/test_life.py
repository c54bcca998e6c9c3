"""The life of a service: killed, told to end, started twice, ill."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import plain_pack
import pytest
from aiohttp import web
from servers import Client, ServerProcess, document, link, serving, slow, three

from graphengine.app import Engine, load_settings
from graphengine.server.app import make_app
from graphengine.server.backend import BACKEND
from graphengine.service.events import Scope
from graphengine.service.store import Store

TRIALS = int(os.environ.get("GRAPHENGINE_TRIALS", "3"))


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def stages(count: int) -> dict[str, object]:
    """Stages of 0.6 s each, one after another; the last of them writes a file."""
    nodes: dict[str, list[object]] = {"s0": ["plain.steps", {"count": 30, "pause": 0.02}]}
    for index in range(1, count):
        nodes[f"s{index}"] = ["plain.steps", {"count": link(f"s{index - 1}.value"), "pause": 0.02}]
    nodes["show"] = ["plain.show", {"value": link(f"s{count - 1}.value")}]
    nodes["write"] = ["plain.write", {"text": link("show.value")}]
    return document(nodes, outputs={"end": {"from": f"s{count - 1}.value"}})


def waiting(seconds: float) -> dict[str, object]:
    nodes: dict[str, list[object]] = {"sleep": ["plain.sleep", {"value": 1, "seconds": seconds}]}
    return document(nodes, outputs={"end": {"from": "sleep.value"}})


async def test_a_killed_engine_goes_on_where_it_was(
    data_dir: Path, session: aiohttp.ClientSession, figure: Callable[[str], None]
) -> None:
    for trial in range(TRIALS):
        folder = data_dir / str(trial)
        server = ServerProcess(folder)
        try:
            client = Client(session, await server.start())
            await client.submit(stages(3), id="job")
            await client.submit(waiting(3), id="beside")  # in another lane, or the stages would have to wait for it
            await client.submit(three(), id="waits")
            await first_stage(client)
            await asyncio.sleep(0.1 + trial % 10 * 0.05)  # amid the second stage
            await server.stop(signal.SIGKILL)
            client = Client(session, await server.start())
            done = await client.ended("job")
            assert (done["state"], done["attempt"]) == ("done", 2)
            assert done["result"]["outputs"]["end"]["value"] == 30
            assert len(done["result"]["files"]) == 1
            assert len(list((folder / "outputs").rglob("*.txt"))) == 1
            assert [(await client.ended(id_))["state"] for id_ in ("beside", "waits")] == ["done", "done"]
            assert await server.stop() == 0
        finally:
            server.kill()
        counts = await started(folder, "job")
        assert counts["s0"] == 1
        assert counts["s1"] == 2
        assert counts["s2"] == counts["write"] == 1
    figure(f"killed amid a job {TRIALS} times: {TRIALS} went on; only what ran at the kill ran twice")


async def first_stage(client: Client) -> None:
    """Wait until the first stage is done."""
    async with asyncio.timeout(60):
        while True:
            plan = await client.ask("POST", "/api/plan", {"workflow": stages(3)})
            if plan.data["tasks"]["s0"]["verdict"] == "cached":
                return
            await asyncio.sleep(0.02)


async def started(folder: Path, job: str) -> Counter[str]:
    """Return how often each task of a job was started, as the log says."""
    store = await Store.open(folder)
    entries = (await store.events.since(0, Scope(job=job))).entries
    await store.close()
    return Counter(str(entry.data["task"]) for entry in entries if entry.kind == "task_started")


async def test_told_to_end_it_puts_back_what_runs(data_dir: Path, session: aiohttp.ClientSession) -> None:
    server = ServerProcess(data_dir)
    try:
        client = Client(session, await server.start())
        await client.submit(slow(3), id="long")
        await client.state("long", {"running"})
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        refused = await client.ask("POST", "/api/jobs", {"workflow": three()})
        assert (refused.status, refused.data["code"]) == (503, "closing")
        assert (await client.ask("GET", "/readyz")).status == 503
        assert await server.exit_code() == 0
        client = Client(session, await server.start())
        done = await client.ended("long")
        assert (done["state"], done["attempt"]) == ("done", 2)
        assert await server.stop(signal.SIGINT) == 0
    finally:
        server.kill()


async def test_a_short_job_ends_within_the_grace(data_dir: Path, session: aiohttp.ClientSession) -> None:
    server = ServerProcess(data_dir, GRAPHENGINE_GRACE_SECONDS="10")
    try:
        client = Client(session, await server.start())
        await client.submit(slow(1), id="short")
        await client.state("short", {"running"})
        assert await server.stop() == 0
        client = Client(session, await server.start())
        done = await client.get("/api/jobs/short")
        assert (done["state"], done["attempt"]) == ("done", 1)
        assert await server.stop() == 0
    finally:
        server.kill()


async def test_a_second_server_of_a_folder_is_refused(data_dir: Path) -> None:
    first, second = ServerProcess(data_dir), ServerProcess(data_dir)
    try:
        await first.start()
        with pytest.raises(AssertionError, match=f"in use by process {first.process.pid}") as told:
            await second.start()
        assert "Traceback" not in str(told.value)
        assert second.process.returncode != 0
        assert await first.stop() == 0
    finally:
        first.kill()
        second.kill()


async def test_beyond_this_machine_it_needs_a_token(data_dir: Path) -> None:
    server = ServerProcess(data_dir, "--host", "::")
    with pytest.raises(AssertionError, match="there is no token"):
        await server.start()
    assert server.process.returncode == 2


async def test_health_tells_of_a_dead_dispatcher(
    engine: Engine, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps: list[web.Application] = []
    monkeypatch.setattr("graphengine.server.serving.make_app", _noting(apps))
    async with serving(engine, data_dir) as client:
        assert (await client.ask("GET", "/readyz")).status == 200
        dispatcher = apps[0][BACKEND].dispatcher
        dispatcher._claims.cancel()
        await asyncio.sleep(0)
        reply = await client.ask("GET", "/readyz")
        assert reply.status == 503
        assert reply.data["reasons"] == ["no jobs are taken from the queue"]
        assert (await client.ask("GET", "/healthz")).status == 200


@pytest.mark.parametrize("missing", ["no schedules are fired", "no folders are watched", "no webhooks are delivered"])
async def test_health_tells_of_what_does_not_go_on(
    engine: Engine, data_dir: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    apps: list[web.Application] = []
    monkeypatch.setattr("graphengine.server.serving.make_app", _noting(apps))
    async with serving(engine, data_dir, webhooks="any") as client:
        apps[0][BACKEND].chores[missing].cancel()
        await asyncio.sleep(0)
        reply = await client.ask("GET", "/readyz")
        assert (reply.status, reply.data["reasons"]) == (503, [missing])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_health_tells_of_workers_that_nobody_looks_after(data_dir: Path) -> None:
    engine = Engine(load_settings(executor="process", data_dir=data_dir), packs=(plain_pack.PACK,))
    async with serving(engine, data_dir) as client:
        await client.canary()
        pool = vars(engine)["executor"]._pool
        pool._selector.register = pool._selector.select = None  # the supervisor fails at its next step
        with pool._lock:
            pool._look_by(0.0)
        async with asyncio.timeout(60):
            while (reply := await client.ask("GET", "/readyz")).status == 200:
                await asyncio.sleep(0.01)
        assert reply.data["reasons"] == ["nobody looks after the worker processes"]


def _noting(apps: list[web.Application]) -> Callable[..., web.Application]:
    def make(*arguments: Any) -> web.Application:
        apps.append(make_app(*arguments))
        return apps[-1]

    return make
