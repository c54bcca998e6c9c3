"""The life of a service: killed, told to end, started twice, ill."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from servers import Client, ServerProcess, document, link, serving, slow, three

from graphengine.app import Engine
from graphengine.server.app import make_app
from graphengine.server.backend import BACKEND

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


async def test_a_killed_engine_goes_on_where_it_was(
    data_dir: Path, session: aiohttp.ClientSession, figure: Callable[[str], None]
) -> None:
    ran = []
    for trial in range(TRIALS):
        folder = data_dir / str(trial)
        server = ServerProcess(folder)
        try:
            client = Client(session, await server.start())
            await client.submit(stages(3), id="job")
            await client.submit(three(), id="waits")
            await asyncio.sleep(0.9 + trial % 5 * 0.1)  # amid the second stage
            await server.stop(signal.SIGKILL)
            client = Client(session, await server.start())
            done = await client.ended("job")
            assert done["state"] == "done"
            assert done["attempt"] == 2
            assert done["result"]["outputs"]["end"]["value"] == 30
            assert len(done["result"]["files"]) == 1
            assert len(list((folder / "outputs").rglob("*.txt"))) == 1
            assert (await client.ended("waits"))["state"] == "done"
            plan = await client.ask("POST", "/api/plan", {"workflow": stages(3)})
            assert plan.data["tasks"]["s2"]["verdict"] == "cached"
            ran.append(await seconds_of(client, "job"))
            assert await server.stop() == 0
        finally:
            server.kill()
    figure(
        f"killed amid a job {TRIALS} times: all went on; second attempts took {', '.join(f'{s:.1f}' for s in ran)} s"
    )
    assert max(ran) < 1.8  # the first stage came from the cache


async def seconds_of(client: Client, id_: str) -> float:
    """Return how long the last attempt took."""
    job = await client.get(f"/api/jobs/{id_}")
    return abs(_seconds(job["ended"]) - _seconds(job["started"]))


def _seconds(text: str) -> float:
    from_midnight = text.partition("T")[2].rstrip("Z").split(":")
    return sum(float(part) * unit for part, unit in zip(from_midnight, (3600, 60, 1), strict=True))


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
    server = ServerProcess(data_dir, "--host", "0.0.0.0")
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


def _noting(apps: list[web.Application]) -> Callable[..., web.Application]:
    def make(*arguments: Any) -> web.Application:
        apps.append(make_app(*arguments))
        return apps[-1]

    return make
