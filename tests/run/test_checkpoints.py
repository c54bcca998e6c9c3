"""The states of calls in files: found again or not, bounded, and gone when the result is kept."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import workflow

from graphengine.app import Engine, load_settings
from graphengine.run.cache import checkpoints as module
from graphengine.run.cache.checkpoints import CheckpointFolder
from graphengine.run.messages import Event, TaskProgress
from graphengine.types.codec import Encoded
from graphengine.workflow.document import Workflow

ONE, OTHER = "aa" * 20, "ab" * 20


def state(number: int, size: int = 1_000) -> Encoded:
    return Encoded({"number": number}, (bytes([number]) * size, b""))


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "checkpoints", 10_000, 0.0)


def keep(folder: CheckpointFolder, fingerprint: str, number: int, size: int = 1_000) -> None:
    folder.of(fingerprint).offer(lambda: state(number, size))


def found(folder: CheckpointFolder, fingerprint: str = ONE) -> int | None:
    kept = folder.of(fingerprint).load()
    if kept is None:
        return None
    assert bytes(kept.buffers[0]) == bytes([kept.meta["number"]]) * len(kept.buffers[0])
    return int(kept.meta["number"])


def test_the_last_state_is_found_and_no_others(folder: CheckpointFolder) -> None:
    assert found(folder) is None
    keep(folder, ONE, 1)
    keep(folder, OTHER, 2)
    keep(folder, ONE, 3)
    assert (found(folder), found(folder, OTHER)) == (3, 2)
    folder.remove(ONE)
    assert (found(folder), found(folder, OTHER)) == (None, 2)


def test_a_state_that_leads_nowhere_is_gone_on_from_twice(folder: CheckpointFolder) -> None:
    keep(folder, ONE, 1)
    assert [found(folder) for _ in range(3)] == [1, 1, None]
    assert folder.files.usage().entries == 0
    keep(folder, ONE, 2)
    assert found(folder) == 2
    keep(folder, ONE, 3)  # it led somewhere
    assert [found(folder) for _ in range(3)] == [3, 3, None]


def test_a_state_is_asked_for_when_it_is_time(folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    call = CheckpointFolder(folder.path, 10_000, 10.0).of(ONE)
    asked: list[float] = []

    def make() -> Encoded:
        nonlocal now
        asked.append(now)
        now += 0.25  # it takes that long
        return state(1)

    while now < 300:
        call.offer(make)
        now += 0.5
    assert asked == [110.0, 160.25, 210.5, 260.75]  # each 200 times as long after the last as that took


def test_a_call_whose_state_cannot_be_kept_is_asked_once(folder: CheckpointFolder) -> None:
    for made in (None, state(1, 20_000)):
        call, asked = folder.of(ONE), []

        def make(made: Encoded | None = made, asked: list[int] = asked) -> Encoded | None:
            asked.append(1)
            return made

        for _ in range(3):
            call.offer(make)
        assert asked == [1]
        assert found(folder) is None


def test_states_stay_within_the_budget(folder: CheckpointFolder) -> None:
    for number in range(40):
        keep(folder, f"{number:040x}", number)
    usage = folder.files.usage()
    assert 5 < usage.entries < 10
    assert usage.nbytes <= folder.budget


def test_states_that_nobody_came_back_for_go(folder: CheckpointFolder) -> None:
    keep(folder, ONE, 1)
    old = time.time() - module.MOST_AGE - 60
    os.utime(folder.places(ONE)[0], (old, old))
    keep(folder, OTHER, 2)
    assert (found(folder), found(folder, OTHER)) == (None, 2)


def test_a_damaged_state_is_none(folder: CheckpointFolder) -> None:
    keep(folder, ONE, 1)
    path = folder.places(ONE)[0]
    whole = path.read_bytes()
    chance = random.Random(0)
    for _ in range(200):
        place, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        assert found(folder) is None
        assert not path.exists()
    for length in [0, 1, *chance.sample(range(len(whole)), 50)]:
        path.write_bytes(whole[:length])
        assert found(folder) is None
    keep(folder, OTHER, 2)
    folder.places(OTHER)[0].rename(path)
    assert found(folder) is None, "the state of another call"
    path.write_bytes(whole)
    assert found(folder) == 1


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_states(
    folder: CheckpointFolder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.path.write_text("a file")
    keep(folder, ONE, 1)
    assert found(folder) is None
    assert "is passed over" in caplog.text


# ------------------------------------------------------------------ in runs


def climb(**inputs: Any) -> Workflow:
    return workflow({"climb": ["plain.climb", inputs]}, outputs={"end": {"from": "climb.value"}})


async def go(engine: Engine, document: Workflow, folder: Path, look: Callable[[], object]) -> tuple[Any, list[object]]:
    """Run a workflow to its end, and look at something at each step that it tells."""
    looks: list[object] = []

    def observe(event: Event) -> None:
        if isinstance(event, TaskProgress):
            looks.append(look())

    result = await engine.start(document, engine.plan(engine.resolve(document)), folder, observe).result()
    return result.outputs.get("end"), looks


def entries(engine: Engine) -> int:
    return engine.checkpoint_folder.files.usage().entries


@pytest.fixture
def make_engine(engine: Engine) -> Callable[..., Engine]:
    def make(**settings: Any) -> Engine:
        return Engine(load_settings(**{"checkpoint_seconds": 0, "executor": "thread", **settings}), packs=engine.packs)

    return make


async def test_a_state_goes_when_the_result_is_on_the_disk(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    engine = make_engine()
    end, left = await go(engine, climb(height=5, pause=0.02), tmp_path, lambda: entries(engine))
    assert (end, left) == (5, [1] * 5)
    await asyncio.to_thread(engine.close)
    assert (engine.cache_folder.usage().entries, entries(engine)) == (1, 0)


async def test_a_state_goes_when_the_result_is_not_worth_keeping(
    make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = make_engine(disk_cache_bytes=10)
    assert await go(engine, climb(height=2, pause=0.02), tmp_path, lambda: entries(engine)) == (2, [1, 1])
    assert entries(engine) == 0
    await asyncio.to_thread(engine.close)


@pytest.mark.parametrize("off", ["disk_cache_bytes", "checkpoint_bytes"])
async def test_where_nothing_is_kept_no_states_are(
    make_engine: Callable[..., Engine], tmp_path: Path, off: str
) -> None:
    engine = make_engine(**{off: 0})
    assert await go(engine, climb(height=2, pause=0.02), tmp_path, lambda: entries(engine)) == (2, [0, 0])
    await asyncio.to_thread(engine.close)


async def test_a_quick_call_keeps_no_state(make_engine: Callable[..., Engine], tmp_path: Path) -> None:
    engine = make_engine(checkpoint_seconds=10)
    assert await go(engine, climb(height=5), tmp_path, lambda: entries(engine)) == (5, [0] * 5)
    await asyncio.to_thread(engine.close)
