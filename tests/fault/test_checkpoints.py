"""A sampling whose worker or whole server is killed goes on from its last checkpoint, and gives the same bits.

``GRAPHENGINE_TRIALS`` scales them: each takes minutes, so that it is tried a fifth as often as kills elsewhere.
"""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from PIL import Image
from servers import Client, ServerProcess

from graphengine.app import Engine, load_settings
from graphengine.client import Client as Follower
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.messages import Event, TaskOutput, TaskProgress, TaskRetried
from graphengine.server.messages import Progress
from graphengine.workflow.document import Workflow
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parameters import with_parameters

pytestmark = pytest.mark.torch

TRIALS = max(1, int(os.environ.get("GRAPHENGINE_TRIALS", "1")) // 5)
STEPS = 200
SAMPLERS = ("dpmpp_2m_sde", "uni_pc", "euler_ancestral", "lms", "pndm", "heun", "deis")
FILE = Path(__file__).parents[2] / "workflows" / "text-to-image.json"

Pixels = np.ndarray[Any, Any]


def document(trial: int) -> Workflow:
    given = {"sample.sampler": SAMPLERS[trial % len(SAMPLERS)], "sample.steps": STEPS, "sample.seed": trial}
    return with_parameters(load_workflow(FILE), given)


async def picture(
    folder: Path, data: Path, trial: int, break_at: Callable[[Engine, TaskProgress], None] | None = None, **given: Any
) -> tuple[Pixels, list[Event]]:
    """Return the picture, and what was told while it was made; something may be done at each step."""
    slots = {"gpu_slots": 1, "cpu_slots": 1, "io_slots": 1}
    engine = Engine(load_settings(packs=["builtin"], data_dir=data, checkpoint_seconds=0, **slots, **given))
    events: list[Event] = []

    def observe(event: Event) -> None:
        events.append(event)
        if break_at is not None and isinstance(event, TaskProgress) and event.task == "sample":
            break_at(engine, event)

    workflow = document(trial)
    result = await engine.start(workflow, engine.plan(engine.resolve(workflow)), folder, observe).result()
    engine.close()
    assert result.status == "done", events
    (output,) = [event for event in events if isinstance(event, TaskOutput)]
    return pixels_of(output.file.path.read_bytes()), events


def pixels_of(content: bytes) -> Pixels:
    with Image.open(io.BytesIO(content)) as opened:
        return np.asarray(opened)


def states(engine: Engine) -> set[int]:
    """Return when the states that there are were written."""
    found = set()
    for path in engine.checkpoint_folder.path.glob("*/[!.]*"):
        with suppress(FileNotFoundError):
            found.add(path.stat().st_mtime_ns)
    return found


def steps_of(events: list[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, TaskProgress) and event.task == "sample"]


async def test_a_sampling_goes_on_in_another_worker(tmp_path: Path, figure: Callable[[str], None]) -> None:
    made: list[int] = []
    for trial in range(TRIALS):
        kept: set[int] = set()
        killed: list[int] = []

        def kill(engine: Engine, event: TaskProgress, kept: set[int] = kept, killed: list[int] = killed) -> None:
            kept.update(states(engine))
            if len(kept) == 3 and not killed:
                assert isinstance(engine.executor, ProcessExecutor)
                (worker,) = [each for each in engine.executor._pool._workers if each.lane == "gpu"]
                os.kill(worker._process.pid, signal.SIGKILL)
                killed.append(event.step)

        folder = tmp_path / str(trial)
        whole, undisturbed = await picture(folder / "one", folder / "data one", trial, executor="thread")
        broken, events = await picture(folder / "other", folder / "data", trial, kill, executor="process")
        (retried,) = [index for index, event in enumerate(events) if isinstance(event, TaskRetried)]
        assert len(killed) == 1
        assert np.array_equal(whole, broken)
        rest = steps_of(events[retried:])
        total = steps_of(undisturbed)[-1]
        assert rest == list(range(rest[0], total + 1))
        assert 2 < rest[0] <= killed[0] + 1
        made.append(len(rest) * 100 // total)
        assert not [each for each in (folder / "data" / "checkpoints").rglob("*") if each.is_file()]
    figure(f"workers killed amid a sampling: {TRIALS}, all went on; {max(made)} % of the steps at most were made then")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_sampling_goes_on_in_another_server(
    tmp_path: Path, session: aiohttp.ClientSession, figure: Callable[[str], None]
) -> None:
    first: list[int] = []
    for trial in range(TRIALS):
        folder = tmp_path / str(trial)
        whole, _ = await picture(folder / "one", folder / "data one", trial, executor="thread")
        settings = {"GRAPHENGINE_PACKS": '["builtin"]', "GRAPHENGINE_CHECKPOINT_SECONDS": "0"}
        server = ServerProcess(folder / "data", **settings)
        try:
            client = Client(session, await server.start())
            await client.submit(document(trial).to_json(), id="job")
            async with asyncio.timeout(120):
                await follow_until(client.address, STEPS // 2)
            await server.stop(signal.SIGKILL)
            client = Client(session, await server.start())
            async with asyncio.timeout(120):
                first.append(await follow_until(client.address, STEPS))
            done = await client.ended("job")
            assert (done["state"], done["attempt"]) == ("done", 2)
            reply = await client.ask("GET", f"/api/results/{done['result']['files'][0]['digest']}")
            assert np.array_equal(pixels_of(reply.content), whole)
            assert await server.stop() == 0
        finally:
            server.kill()
        assert first[-1] > 1
        assert not [each for each in (folder / "data" / "checkpoints").rglob("*") if each.is_file()]
    figure(f"servers killed amid a sampling: {TRIALS}, all went on, at step {min(first)} of {STEPS} at the earliest")


async def follow_until(address: str, step: int) -> int:
    """Follow the job until its sampling is so far; return the first step that was told."""
    first = 0
    async with Follower(address) as follower:
        async for update in follower.follow("job"):
            if isinstance(update, Progress) and "sample" in update.tasks:
                first = first or update.tasks["sample"].step
                if update.tasks["sample"].step >= step:
                    break
    return first
