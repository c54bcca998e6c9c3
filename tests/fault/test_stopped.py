"""What stops a job, through the service: R6 (no memory), R8 (a cancel), R9 (a hang).

At 50 trials: 50 jobs of which every other wants too much, 100 cancels at random instants, 20 hangs.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import fault_pack
import plain_pack
import pytest
from faults import TRIALS, Figure, Notes, bound, canary, ready, served, tidied
from servers import ENDED, Client, document, serving, slow

from graphengine.app import Engine, load_settings

# ------------------------------------------------------------------ R6: no memory

GREEDY = {"greedy": ["fault.greedy", {}]}


def shrinking(number: int) -> dict[str, Any]:
    """A node that has room for an eighth of what it wants."""
    nodes = {"shrink": ["plain.shrinking", {"size": 16 + number, "room": (16 + number) // 8}]}
    return document(nodes, outputs={"pieces": {"from": "shrink.pieces"}})


async def test_a_job_without_memory_leaves_the_rest_working(data_dir: Path, figure: Figure) -> None:
    pairs = max(3, TRIALS // 2)
    async with served(data_dir) as (_, client):
        for number in range(pairs):
            greedy = await client.submit(document(GREEDY), id=f"greedy{number}")
            await canary(client)
            failed = await client.ended(greedy["id"])
            assert (failed["state"], failed["failure"]["code"]) == ("failed", "out_of_memory")
            small = await client.submit(shrinking(number))
            done = await client.ended(small["id"])
            assert done["state"] == "done", done["failure"]
            assert done["result"]["outputs"]["pieces"]["value"] in (4, 8), "so often was it halved"
    figure(f"R6: {2 * pairs} alternating jobs: {pairs} of {pairs} normal ones passed, {pairs} were retried smaller")


# ------------------------------------------------------------------ R8: a cancel


@pytest.fixture
async def client(tmp_path: Path, data_dir: Path) -> AsyncIterator[Client]:
    """A service in this loop, whose nodes are called by processes."""
    settings = load_settings(executor="process", cpu_slots=2, io_slots=2, data_dir=data_dir)
    async with serving(Engine(settings, packs=(plain_pack.PACK, fault_pack.PACK)), data_dir) as client:
        await ready(client)
        await canary(client)
        yield client


def victim(number: int, notes: Notes) -> dict[str, Any]:
    """A job that takes steps, or every fourth time one that saves a picture."""
    if number % 4 == 3:
        return document({"save": ["fault.picture", {"seed": number, "log": str(notes.path)}]})
    return slow(30, number)


async def test_a_cancel_takes_effect_soon_and_hits_nobody_else(
    client: Client, tmp_path: Path, data_dir: Path, figure: Figure
) -> None:
    chance, notes = random.Random(8), Notes(tmp_path / "notes")
    cancels = 2 * max(6, TRIALS)
    stopped: dict[str, list[float]] = {"queued": [], "running": []}
    tasks = len(asyncio.all_tasks())
    for number in range(0, cancels, 2):
        ids = [f"victim{number}", f"victim{number + 1}"]
        other = await client.submit(resting(number))
        for offset, id_ in enumerate(ids):
            await client.submit(victim(number + offset, notes), id=id_)
        for id_ in chance.sample(ids, 2):
            await asyncio.sleep(chance.uniform(0, 0.1))
            state, seconds = await cancelled(client, id_)
            if state in stopped and (await client.get(f"/api/jobs/{id_}"))["state"] == "cancelled":
                stopped[state].append(seconds)
        done = await client.ended(other["id"])
        assert done["state"] == "done", "another job is never hit"
    await tidied(data_dir)
    async with asyncio.timeout(60):
        while len(asyncio.all_tasks()) > tasks:
            await asyncio.sleep(0.05)
    waits, runs = sorted(stopped["queued"]), sorted(stopped["running"])
    assert waits[len(waits) // 2] <= 0.1, waits
    assert runs[len(runs) // 2] <= 0.27, runs
    assert runs[-1] < 5, runs
    queued, running = (f"p50 {x[len(x) // 2] * 1e3:.0f} ms, max {x[-1] * 1e3:.0f} ms" for x in (waits, runs))
    figure(
        f"R8: {cancels} cancels: {len(waits)} queued, {queued} (promised 100 ms); {len(runs)} running, {running} "
        f"(promised 270 ms); no task, no temporary file left; {bound(cancels)}"
    )


def resting(number: int) -> dict[str, Any]:
    return document({"sleep": ["plain.sleep", {"value": number, "seconds": 0.15}]})


async def cancelled(client: Client, id_: str) -> tuple[str, float]:
    """Cancel a job, and return what it did until then and the seconds until it was over."""
    before = (await client.get(f"/api/jobs/{id_}"))["state"]
    began = time.monotonic()
    reply = await client.ask("POST", f"/api/jobs/{id_}/cancel")
    assert reply.status == 200
    if reply.data["state"] not in ENDED:
        before = "running"
        await client.ended(id_)
    return before, time.monotonic() - began


# ------------------------------------------------------------------ R9: a hang


async def test_a_hung_node_times_out_and_its_worker_is_replaced(data_dir: Path, figure: Figure) -> None:
    each, slowest = max(1, TRIALS // 10), 0.0
    async with served(data_dir) as (_, client):
        await canary(client)
        for _ in range(each):
            for how in get_args(fault_pack.Hang):
                began = time.monotonic()
                job = await client.submit(document({"hang": ["fault.hang", {"how": how}]}))
                failed = await client.ended(job["id"])
                slowest = max(slowest, time.monotonic() - began)
                assert (failed["state"], failed["failure"]["code"]) == ("failed", "timed_out")
                await canary(client)
    total = each * len(get_args(fault_pack.Hang))
    figure(f"R9: {total} of {total} hangs (0.5 s allowed) ended within {slowest:.1f} s, and the next job ran")
