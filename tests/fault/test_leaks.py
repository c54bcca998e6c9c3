"""R22: thousands of small jobs leave nothing behind: no memory, no open files, no tasks of the event loop."""

import asyncio
import gc
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path

import plain_pack
import psutil
import pytest
from documents import link, workflow
from faults import gauge, served
from servers import PATIENCE, three

from graphengine.app import Engine, load_settings
from graphengine.run.messages import Event

JOBS = 200 * int(os.environ.get("GRAPHENGINE_TRIALS", "6"))  # 10,000 with 50 trials
FIRST = JOBS // 4
KILOBYTE = 1024
WARM = 1_400  # until the log has as many entries in memory as it ever has, and SQLite as many pages
ROUNDS = 3  # what leaks grows in each; on a busy machine buffers still grow in the first
CLIENTS = 8
TOGETHER = 9


async def small_job(engine: Engine, number: int, folder: Path) -> None:
    document = workflow(
        {
            "n": ["plain.number", {"value": number}],
            "list": ["plain.count", {"count": 2, "start": link("n.value")}],
            "add": ["plain.add", {"a": link("list.values"), "b": link("n.value")}],
            "sum": ["plain.sum_up", {"values": link("add.value")}],
        },
        outputs={"sum": {"from": "sum.value"}},
    )
    events: list[Event] = []
    plan = engine.plan(engine.resolve(document))
    result = await engine.start(document, plan, folder, events.append).result()
    assert result.outputs == {"sum": 4 * number + 1.0}


@pytest.mark.parametrize("executor", ["thread", "process"])
async def test_thousands_of_jobs_leave_nothing(tmp_path: Path, executor: str, figure: Callable[[str], None]) -> None:
    settings = load_settings(
        executor=executor, memory_cache_bytes=200_000, disk_cache_bytes=0, data_dir=tmp_path / "data", cpu_slots=2
    )
    engine = Engine(settings, packs=(plain_pack.PACK,))
    jobs = JOBS if executor == "thread" else JOBS // 4
    process = psutil.Process()
    await asyncio.gather(*(small_job(engine, -number, tmp_path) for number in range(8)))
    for number in range(FIRST):
        await small_job(engine, number, tmp_path)
    gc.collect()
    before = (process.memory_info().rss, process.num_fds(), len(asyncio.all_tasks()), threading.active_count())
    for number in range(FIRST, FIRST + jobs):
        await small_job(engine, number, tmp_path)
    gc.collect()
    after = (process.memory_info().rss, process.num_fds(), len(asyncio.all_tasks()), threading.active_count())
    grown = (after[0] - before[0]) / jobs
    figure(f"{jobs:,} jobs by {executor}: {grown:.0f} bytes of memory per job, {before[1]} → {after[1]} open files")
    assert grown <= KILOBYTE
    assert after[1:] == before[1:]
    engine.close()


async def test_thousands_of_jobs_of_a_service_leave_nothing(data_dir: Path, figure: Callable[[str], None]) -> None:
    """The log and the history are on disk; what is kept of them in memory is full after the first jobs."""
    jobs = JOBS if JOBS >= 10_000 else JOBS // 2
    async with served(data_dir, GRAPHENGINE_MEMORY_CACHE_BYTES="200000", GRAPHENGINE_DISK_CACHE_BYTES="0") as (
        server,
        client,
    ):
        process = psutil.Process(server.process.pid)

        async def some(first: int, last: int) -> None:
            """One job alone, the next together, and so on."""
            for number in range(first, last, TOGETHER + 1):
                batch = {"mode": "zip", "values": {"value": list(range(number + 1, number + 1 + TOGETHER))}}
                await client.submit(three(number), id=f"job{number}")
                await client.submit(three(), id=f"jobs{number}", batch=batch)
                async with asyncio.timeout(PATIENCE):
                    while not (await client.get(f"/api/batches/jobs{number}"))["ended"]:
                        await asyncio.sleep(0.02)
                assert (await client.ended(f"job{number}"))["state"] == "done"

        async def all_of(first: int, jobs: int) -> tuple[int, int, int, int]:
            each = jobs // CLIENTS
            await asyncio.gather(*(some(first + n * each, first + (n + 1) * each) for n in range(CLIENTS)))
            await asyncio.sleep(1)
            tasks = await gauge(client, "graphengine_loop_tasks")
            return process.memory_info().rss, process.num_fds(), process.num_threads(), int(tasks)

        rounds = [await all_of(0, WARM)]
        grown = math.inf
        while grown > KILOBYTE and len(rounds) <= ROUNDS:
            rounds.append(await all_of(WARM + (len(rounds) - 1) * jobs, jobs))
            grown = (rounds[-1][0] - rounds[-2][0]) / jobs
    before, after = rounds[0], rounds[-1]
    figure(f"{jobs:,} jobs by a service: {grown:.0f} bytes of memory per job, {before[1]} → {after[1]} open files")
    assert grown <= KILOBYTE
    assert abs(after[1] - before[1]) <= CLIENTS  # their connections are open or not
    assert abs(after[2] - before[2]) <= 1
    assert abs(after[3] - before[3]) <= CLIENTS
