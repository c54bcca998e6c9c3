"""Single flight: what two runs need at a time is computed once, and nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import Nodes, link, workflow
from hypothesis import given, settings
from hypothesis import strategies as st

from graphengine.app import Engine, load_settings
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.handle import Handles
from graphengine.run.messages import Event, TaskCached, TaskProgress, TaskStarted
from graphengine.run.runner import Run, RunResult
from graphengine.workflow.document import Workflow

RESULT: Handles = {}


async def soon(found: Handles | Awaitable[Handles | None] | None) -> Handles | None:
    assert isinstance(found, Awaitable)
    return await asyncio.wait_for(found, 5)


# ------------------------------------------------------------------ the queue of lookups


async def test_the_second_waits_for_the_first() -> None:
    flights = SingleFlight(MemoryTier(0))
    assert flights.get("x") is None
    waiting = [flights.get("x") for _ in range(3)]
    assert flights.get("y") is None, "another result is another flight"
    flights.put("x", RESULT, 1.0)
    assert [await soon(each) for each in waiting] == [RESULT] * 3
    assert flights.get("x") is None, "a tier that keeps nothing was asked again"


async def test_a_flight_that_is_given_up_goes_to_the_next() -> None:
    flights = SingleFlight(MemoryTier(0))
    assert flights.get("x") is None
    second, third = flights.get("x"), flights.get("x")
    flights.forgo("x")
    assert await soon(second) is None
    flights.put("x", RESULT, 1.0)
    assert await soon(third) is RESULT


async def test_who_stopped_waiting_gets_no_flight() -> None:
    flights = SingleFlight(MemoryTier(0))
    assert flights.get("x") is None
    second, third = flights.get("x"), flights.get("x")
    assert isinstance(second, asyncio.Future)
    second.cancel()
    flights.forgo("x")
    assert await soon(third) is None
    flights.forgo("x")
    assert flights.get("x") is None, "nobody has it any more"


class LateTier(MemoryTier):
    """Answers when told to."""

    def __init__(self) -> None:
        super().__init__(10**9)
        self.answers: list[asyncio.Future[Handles | None]] = []

    def get(self, fingerprint: str) -> Any:
        self.answers.append(asyncio.get_running_loop().create_future())
        return self.answers[-1]


async def test_a_slow_tier_is_asked_once() -> None:
    tier = LateTier()
    flights = SingleFlight(tier)
    asked = [flights.get("x") for _ in range(3)]
    tier.answers[0].set_result(RESULT)
    assert [await soon(each) for each in asked] == [RESULT] * 3
    assert len(tier.answers) == 1


async def test_a_slow_miss_lets_one_of_them_compute() -> None:
    tier = LateTier()
    flights = SingleFlight(tier)
    first, second = flights.get("x"), flights.get("x")
    tier.answers[0].set_result(None)
    assert await soon(first) is None
    flights.put("x", RESULT, 1.0)
    assert await soon(second) is RESULT


async def test_a_tier_that_raises_is_a_miss(caplog: pytest.LogCaptureFixture) -> None:
    tier = LateTier()
    flights = SingleFlight(tier)
    first = flights.get("x")
    tier.answers[0].set_exception(ValueError("a bug"))
    assert await soon(first) is None
    assert "raised" in caplog.text


def test_what_one_event_loop_began_does_not_hold_up_the_next() -> None:
    flights = SingleFlight(MemoryTier(0))

    async def ask() -> object:
        return flights.get("x")

    assert [asyncio.run(ask()) for _ in range(2)] == [None, None]


# ------------------------------------------------------------------ whole runs


class Crowd:
    """Runs several workflows at a time on one engine that keeps nothing."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        settings = engine.settings.model_copy(update={"memory_cache_bytes": 0, "disk_cache_bytes": 0})
        self.engine = Engine(settings, packs=engine.packs)
        self.folder = folder
        self.events: list[Event] = []

    def start(self, document: Workflow, observe: Any = None) -> Run:
        plan = self.engine.plan(self.engine.resolve(document))
        return self.engine.start(document, plan, self.folder, observe or self.events.append)

    async def all(self, *documents: Workflow) -> list[RunResult]:
        return await asyncio.wait_for(asyncio.gather(*(self.start(each).result() for each in documents)), 10)

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


@pytest.fixture
def crowd(engine: Engine, tmp_path: Path) -> Iterator[Crowd]:
    made = Crowd(engine, tmp_path)
    yield made
    made.engine.close()


def slow(*names: str, count: int = 10) -> Workflow:
    nodes: Nodes = {name: ["plain.steps", {"count": count, "pause": 0.01}] for name in names}
    nodes["end"] = ["plain.limited", {"steps": link(f"{names[0]}.value")}]
    return workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in nodes})


async def test_two_runs_compute_the_same_once(crowd: Crowd) -> None:
    first, second = await crowd.all(slow("work"), slow("named-otherwise"))
    assert (first.status, first.outputs["end"]) == (second.status, second.outputs["end"]) == ("done", 10)
    assert (crowd.count(TaskStarted), crowd.count(TaskCached)) == (2, 2)


async def test_equal_tasks_of_one_run_are_computed_once(crowd: Crowd) -> None:
    (result,) = await crowd.all(slow("one", "two", "three"))
    assert result.outputs == {"one": 10, "two": 10, "three": 10, "end": 10}
    assert (crowd.count(TaskStarted), crowd.count(TaskCached)) == (2, 2)


async def test_when_the_first_fails_the_second_tries_itself(crowd: Crowd) -> None:
    document = workflow({"bad": ["plain.fail", {}], "after": ["plain.pass", {"value": link("bad.value")}]})
    results = await crowd.all(document, document, document)
    assert [each.status for each in results] == ["failed"] * 3
    assert crowd.count(TaskStarted) == 3


@pytest.mark.parametrize("how", ["cancel", "abandon"])
async def test_when_the_first_is_stopped_the_second_computes(crowd: Crowd, how: str) -> None:
    working = asyncio.Event()

    def observe(event: Event) -> None:
        if isinstance(event, TaskProgress):
            working.set()

    first = crowd.start(slow("work"), observe)
    task = asyncio.create_task(first.result())
    await working.wait()
    second = asyncio.create_task(crowd.start(slow("work")).result())
    await asyncio.sleep(0.01)
    assert crowd.count(TaskStarted) == 0, "it waits"
    first.cancel() if how == "cancel" else task.cancel()
    assert (await asyncio.wait_for(second, 5)).outputs["work"] == 10
    assert crowd.count(TaskStarted) == 2
    await asyncio.gather(task, return_exceptions=True)


async def test_a_run_that_waits_for_another_can_be_cancelled(crowd: Crowd) -> None:
    first = crowd.start(slow("work", count=10_000))
    working = asyncio.create_task(first.result())
    await asyncio.sleep(0.01)
    second = crowd.start(slow("work", count=10_000))
    waiting = asyncio.create_task(second.result())
    await asyncio.sleep(0.01)
    second.cancel()
    assert (await asyncio.wait_for(waiting, 0.25)).status == "cancelled"
    assert not working.done()
    first.cancel()
    await working


@st.composite
def crowds(draw: st.DrawFn) -> list[tuple[Workflow, int | None, bool]]:
    """Runs over parts of one graph, so that they need much of the same in different orders."""
    length = draw(st.integers(2, 10))
    nodes: Nodes = {}
    for index in range(length):
        seconds = draw(st.sampled_from([0.0, 0.001, 0.003]))
        value = link(f"n{draw(st.integers(0, index - 1))}.value") if index else 1.0
        kind = draw(st.sampled_from(["plain.sleep", "plain.sleep", "plain.add", "plain.fail"]))
        inputs = {"plain.sleep": {"value": value, "seconds": seconds}, "plain.fail": {"value": value}}
        nodes[f"n{index}"] = [
            kind,
            inputs.get(kind, {"a": value, "b": link(f"n{draw(st.integers(0, index - 1))}.value") if index else 0.0}),
        ]
    runs = []
    for _ in range(draw(st.integers(2, 4))):
        ends = draw(st.sets(st.sampled_from(sorted(nodes)), min_size=1, max_size=3))
        document = workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in sorted(ends)})
        runs.append((document, draw(st.none() | st.integers(0, 6)), draw(st.booleans())))
    return runs


@settings(deadline=None, max_examples=60)
@given(runs=crowds(), budget=st.sampled_from([0, 2_000, 10**6]))
def test_nobody_waits_for_ever(runs: list[tuple[Workflow, int | None, bool]], budget: int) -> None:
    """Whatever fails and whatever is cancelled, every run ends, and no flight is left."""
    asyncio.run(asyncio.wait_for(_play(runs, budget), 10))


async def _play(runs: list[tuple[Workflow, int | None, bool]], budget: int) -> None:
    engine = Engine(load_settings(memory_cache_bytes=budget, disk_cache_bytes=0), packs=(plain_pack.PACK,))
    alone = Engine(load_settings(memory_cache_bytes=0, disk_cache_bytes=0), packs=(plain_pack.PACK,))
    started = []
    for document, cancel_after, keep_going in runs:
        run = _start(engine, document, keep_going=keep_going)
        started.append(asyncio.create_task(run.result()))
        if cancel_after is not None:
            asyncio.get_running_loop().call_later(cancel_after / 1000, run.cancel)
    results = await asyncio.gather(*started)
    for (document, cancel_after, keep_going), result in zip(runs, results, strict=True):
        if cancel_after is None and keep_going:
            assert result == await _start(alone, document, keep_going=True).result()
    await asyncio.sleep(0.01)  # the cancels that came too late
    assert engine.flights._flights == {}
    engine.close()
    alone.close()


def _start(engine: Engine, document: Workflow, *, keep_going: bool) -> Run:
    plan = engine.plan(engine.resolve(document))
    return engine.start(document, plan, Path("unused"), lambda _: None, keep_going=keep_going)
