"""Schedules over HTTP: made, shown, replaced, paused, fired and removed; each time makes one job."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from servers import Client, ServerProcess, serving, three
from stores import Hands

from graphengine.app import Engine
from graphengine.server.access import add_token
from graphengine.service.schedule import scheduler as scheduler_module

TRIALS = int(os.environ.get("GRAPHENGINE_TRIALS", "3"))
HOUR = 3_600.0
NIGHTLY = {"kind": "cron", "expression": "0 2 * * *", "zone": "Europe/Berlin"}


async def put(client: Client, id_: str = "nightly", **fields: Any) -> Any:
    reply = await client.ask("PUT", f"/api/schedules/{id_}", {"trigger": NIGHTLY, "workflow": three(), **fields})
    assert reply.status in {200, 201}, reply.data
    return reply.data


async def job_ids(client: Client) -> list[str]:
    return [job["id"] for job in (await client.get("/api/jobs?order=oldest&limit=1000"))["jobs"]]


async def until(client: Client, number: int) -> list[str]:
    """Wait until there are so many jobs, and return their ids."""
    async with asyncio.timeout(60):
        while len(found := await job_ids(client)) < number:
            await asyncio.sleep(0.02)
    return found


async def test_a_schedule_is_made_shown_replaced_and_removed(client: Client) -> None:
    body = {"trigger": NIGHTLY, "workflow": three(), "inputs": {"value": 3}, "title": "At night", "tags": ["n"]}
    made = await client.ask("PUT", "/api/schedules/nightly", body)
    assert (made.status, made.headers["Location"]) == (201, "/api/schedules/nightly")
    assert made.data["trigger"] == NIGHTLY
    assert (made.data["revision"], made.data["fired"], made.data["paused"]) == (1, 0, False)
    assert made.data["misfire"] == {"policy": "once", "grace_seconds": 60, "most": 100}
    times = [datetime.fromisoformat(each) for each in made.data["next"]]
    assert len(times) == 5
    assert times == sorted(times)
    assert all(time > datetime.now(UTC) for time in times)
    again = await client.ask("PUT", "/api/schedules/nightly", body)
    assert (again.status, again.data) == (200, made.data)
    assert await client.get("/api/schedules/nightly") == made.data
    changed = await client.ask("PUT", "/api/schedules/nightly", {**body, "inputs": {"value": 4}, "expected": 1})
    assert (changed.data["revision"], changed.data["inputs"]) == (2, {"value": 4})
    late = await client.ask("PUT", "/api/schedules/nightly", {**body, "expected": 1})
    assert (late.status, late.data["code"]) == (409, "conflict")
    assert (await client.ask("DELETE", "/api/schedules/nightly")).status == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/fire")):
        assert (await client.ask(method, f"/api/schedules/nightly{path}")).status == 404


async def test_schedules_are_listed_page_by_page(client: Client) -> None:
    for index in range(5):
        await put(client, f"s{index}")
    first = (await client.get("/api/schedules?limit=2"))["schedules"]
    assert [each["id"] for each in first] == ["s0", "s1"]
    rest = (await client.get("/api/schedules?after=s1"))["schedules"]
    assert [each["id"] for each in rest] == ["s2", "s3", "s4"]
    assert (await client.get("/api/schedules?owner=nobody"))["schedules"] == []


async def test_the_next_times_are_those_of_the_zone(engine: Engine, data_dir: Path) -> None:
    hands = Hands(datetime(2027, 3, 26, 12, tzinfo=UTC).timestamp())
    async with serving(engine, data_dir, clock=hands.clock) as client:
        made = await put(client)
        assert made["next"] == [
            "2027-03-27T01:00:00Z",
            "2027-03-28T01:00:00Z",  # two does not come in this night: right after the gap
            "2027-03-29T00:00:00Z",
            "2027-03-30T00:00:00Z",
            "2027-03-31T00:00:00Z",
        ]
        once = await put(client, "once", trigger={"kind": "at", "local": "2027-03-27T09:30", "zone": "Asia/Tokyo"})
        assert once["next"] == ["2027-03-27T00:30:00Z"]
        every = await put(client, "every", trigger={"kind": "every", "seconds": 86_400})
        assert every["next"][0] == "2027-03-27T00:00:00Z"


async def test_an_interval_fires_by_itself_and_its_jobs_are_run(client: Client) -> None:
    await put(client, "often", trigger={"kind": "every", "seconds": 1}, inputs={"value": 7})
    first, second = (await until(client, 2))[:2]
    assert first.startswith("often~")
    for id_ in (first, second):
        done = await client.ended(id_)
        assert (done["state"], done["result"]["outputs"]["end"]["value"]) == ("done", 8.0)
    shown = await client.get("/api/schedules/often")
    assert shown["fired"] >= 2
    assert shown["last"] is not None


async def test_a_paused_schedule_fires_only_by_hand(client: Client) -> None:
    await put(client, "often", trigger={"kind": "every", "seconds": 1}, paused=True)
    assert (await client.get("/api/schedules/often"))["next"] == []
    await asyncio.sleep(1.5)
    assert await job_ids(client) == []
    fired = await client.ask("POST", "/api/schedules/often/fire", {"inputs": {"value": 9}})
    assert (fired.status, fired.headers["Location"]) == (201, f"/api/jobs/{fired.data['id']}")
    done = await client.ended(fired.data["id"])
    assert done["result"]["outputs"]["end"]["value"] == 10.0
    assert (await client.ask("POST", "/api/schedules/often/resume")).data["next"] != []
    await until(client, 2)
    paused = await client.ask("POST", "/api/schedules/often/pause")
    assert (paused.data["paused"], paused.data["next"]) == (True, [])


async def test_the_same_key_fires_once(client: Client) -> None:
    await put(client)
    body = {"inputs": {"value": 2}, "key": "monday"}
    replies = await asyncio.gather(*[client.ask("POST", "/api/schedules/nightly/fire", body) for _ in range(20)])
    assert sorted(reply.status for reply in replies) == [200] * 19 + [201]
    assert len({reply.data["id"] for reply in replies}) == 1
    other = await client.ask("POST", "/api/schedules/nightly/fire", {"inputs": {"value": 3}, "key": "monday"})
    assert (other.status, other.data["code"]) == (409, "conflict")
    assert (await client.get("/api/schedules/nightly"))["fired"] == 1


async def test_a_saved_workflow_is_run_in_its_newest_version(client: Client) -> None:
    await client.ask("PUT", "/api/workflows/flow", {"workflow": three(1)})
    made = await put(client, workflow="flow")
    assert (made["saved"], made["workflow"]) == ("flow", None)
    await client.ask("PUT", "/api/workflows/flow", {"workflow": three(5)})
    fired = await client.ask("POST", "/api/schedules/nightly/fire")
    assert (await client.ended(fired.data["id"]))["result"]["outputs"]["end"]["value"] == 6.0
    await client.ask("DELETE", "/api/workflows/flow")
    assert (await client.ask("POST", "/api/schedules/nightly/fire")).status == 404


@pytest.mark.parametrize("jump", [-HOUR, HOUR, 365 * 24 * HOUR])
async def test_a_clock_that_jumps_loses_and_doubles_nothing(
    engine: Engine, data_dir: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    """R15, through the whole service: the clock is wrong for a while, and right again."""
    monkeypatch.setattr(scheduler_module, "LONGEST_SLEEP", 0.02)
    hands = Hands(datetime(2027, 1, 15, 9, 50, tzinfo=UTC).timestamp())
    async with serving(engine, data_dir, clock=hands.clock) as client:
        await put(client, "hourly", trigger={"kind": "cron", "expression": "0 * * * *"}, misfire={"policy": "all"})

        async def pass_(minutes: int) -> None:
            for _ in range(minutes // 10):
                hands.run(600)
                await asyncio.sleep(0.1)  # some looks at the clock

        await pass_(20)
        hands.wall += jump
        await pass_(20)
        hands.wall -= jump
        await pass_(90)
        made = [id_ for id_ in await job_ids(client) if id_.startswith("hourly~20270115T")]
        assert {"hourly~20270115T100000Z", "hourly~20270115T110000Z", "hourly~20270115T120000Z"} <= set(made)
        assert len(set(made)) == len(made)
        assert (await client.get("/api/schedules/hourly"))["next"][0] == "2027-01-15T13:00:00Z"
        await client.canary()


async def test_kills_lose_and_double_no_time(data_dir: Path, figure: Callable[[str], None]) -> None:
    async with aiohttp.ClientSession() as session:
        server = ServerProcess(data_dir, GRAPHENGINE_EXECUTOR="thread")
        body = {"trigger": {"kind": "every", "seconds": 1}, "workflow": three(), "misfire": {"policy": "all"}}
        try:
            client = Client(session, await server.start())
            assert (await client.ask("PUT", "/api/schedules/often", body)).status == 201
            for trial in range(TRIALS):
                await until(client, 1 + len(await job_ids(client)))
                await asyncio.sleep(trial % 10 / 10)  # at any place within the second
                await server.stop(signal.SIGKILL)
                client = Client(session, await server.start())
            made = await until(client, 2 + len(await job_ids(client)))
            assert await server.stop() == 0
        finally:
            server.kill()
    times = sorted(datetime.strptime(id_.partition("~")[2] + "+0000", "%Y%m%dT%H%M%SZ%z") for id_ in made)
    assert times == [times[0] + timedelta(seconds=index) for index in range(len(times))]
    figure(f"killed {TRIALS} times: {len(times)} seconds in a row, a job for each")


async def test_a_schedule_is_its_owners_to_change(engine: Engine, data_dir: Path) -> None:
    bearer = {
        name: {"Authorization": f"Bearer {add_token(data_dir, name, scope)}"}
        for name, scope in (("ann", "submit"), ("bob", "submit"), ("eve", "admin"), ("ray", "read"))
    }
    body = {"trigger": NIGHTLY, "workflow": three()}
    path = "/api/schedules/nightly"
    async with serving(engine, data_dir) as client:
        made = await client.ask("PUT", path, body, headers=bearer["ann"])
        assert made.data["owner"] == "ann"
        for who in ("bob", "ray"):
            assert (await client.ask("GET", path, headers=bearer[who])).status == 200
            assert (await client.ask("PUT", path, body, headers=bearer[who])).status == 403
            assert (await client.ask("DELETE", path, headers=bearer[who])).status == 403
            for act in ("pause", "resume", "fire"):
                assert (await client.ask("POST", f"{path}/{act}", headers=bearer[who])).status == 403
        changed = await client.ask("PUT", path, {**body, "title": "x"}, headers=bearer["eve"])
        assert (changed.status, changed.data["owner"]) == (200, "ann")
        fired = await client.ask("POST", f"{path}/fire", headers=bearer["eve"])
        assert fired.data["owner"] == "ann"
