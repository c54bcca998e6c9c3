"""What is called in the breath of another call: which tasks, when not, and that a run tells nothing of it."""

import asyncio
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from desk import Desk, Waiting
from documents import Nodes, link, workflow

from graphengine.app import Engine
from graphengine.errors import Failure
from graphengine.node.declare import spec_of
from graphengine.node.registry import Registry
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.executors.base import Call, Sequel, Success
from graphengine.run.executors.thread import ThreadExecutor
from graphengine.run.messages import (
    Event,
    Granted,
    LookedUp,
    Lookup,
    Start,
    TaskFailed,
    TaskFinished,
    TaskSkipped,
    TaskStarted,
)
from graphengine.run.runner import RunResult
from graphengine.run.sequels import sequels
from graphengine.run.state import RunState
from graphengine.types.assign import IDENTITY


def row(length: int, **changed: list[Any]) -> Nodes:
    """A chain of quick calls."""
    nodes: Nodes = {"n0": ["plain.number", {"value": 1}]}
    nodes |= {f"n{i}": ["plain.add", {"a": link(f"n{i - 1}.value"), "b": 1}] for i in range(1, length)}
    return nodes | changed


# ------------------------------------------------------------------ which tasks


def following(engine: Engine, nodes: Nodes, limit: int = 9) -> list[str]:
    """Return the tasks that may follow ``n0`` in its slot, when it is about to be called."""
    plan = engine.plan(engine.resolve(workflow(nodes)))
    state = RunState(plan)
    instructions = state.handle(Start()).instructions
    for each in instructions:  # grows
        if isinstance(each, Lookup):
            instructions += state.handle(LookedUp(each.task, None)).instructions
    state.handle(Granted("n0"))
    return [task.name for _, task in sequels(state, state.steps.tasks["n0"], limit)]


def test_what_waits_for_nothing_else_follows(engine: Engine) -> None:
    assert following(engine, row(5)) == ["n1", "n2", "n3", "n4"]
    assert following(engine, row(5), limit=2) == ["n1", "n2"]


@pytest.mark.parametrize(
    "changed",
    [
        {
            "n3": ["plain.write", {"text": link("n2.value"), "name": "x"}],
            "n2": ["plain.show", {"value": link("n1.value")}],
        },
        {"n3": ["plain.sum_if", {"a": link("n2.value"), "b": 1}]},
        {"n3": ["plain.add", {"a": link("n2.value"), "b": link("m.value")}], "m": ["plain.number", {"value": 7}]},
        {"m": ["plain.pass", {"value": link("n2.value"), "tag": 7}]},
    ],
    ids=["an effect outside", "a lazy input", "another need", "another consumer"],
)
def test_what_needs_more_than_that_does_not(engine: Engine, changed: dict[str, Any]) -> None:
    assert following(engine, row(4, **changed)) == ["n1", "n2"]


# ------------------------------------------------------------------ one call after the other


@pytest.fixture
def desk(registry: Registry, tmp_path: Path) -> Iterator[Desk]:
    executor = ThreadExecutor(registry, {plain_pack.Calls: plain_pack.Calls()}, {"cpu": 1, "gpu": 1})
    yield Desk(executor, tmp_path)
    executor.close()


def pair(desk: Desk, first: Any, takes: str, **constants: Any) -> tuple[Any, Sequel, Waiting]:
    """Make a call with a sequel that adds to its result; return its outcome, the sequel, and what that will answer."""
    then = Call(spec_of(plain_pack.passed), {"tag": 0}, {}, {"value": IDENTITY}, desk.context("then"))
    waiting, sequel_waiting = Waiting(), Waiting()
    sequel = Sequel(then, {"value": takes}, sequel_waiting.done)
    call = Call(spec_of(first), constants, {}, {}, desk.context(), sequel=sequel)
    desk.executor.submit([call], waiting.done)
    return waiting.outcome(), sequel, sequel_waiting


def test_a_sequel_takes_what_the_call_before_it_gave(desk: Desk) -> None:
    outcome, sequel, then = pair(desk, plain_pack.number, "value", value=3.0)
    answer = then.outcome()
    assert isinstance(answer, Success)
    assert (sequel.begun, desk.executor.value(answer.handles)) == (True, {"value": 3.0})
    assert desk.executor.value(outcome.handles) == {"value": 3.0}


@pytest.mark.parametrize(
    ("first", "takes", "constants"),
    [
        (plain_pack.fail, "value", {}),
        (plain_pack.steps, "value", {"count": 1, "pause": 0.01}),
        (plain_pack.blob, "blob", {"length": 2**21}),
    ],
    ids=["failed", "took its time", "gave much"],
)
def test_a_call_that_was_not_small_and_well_has_no_sequel(
    desk: Desk, first: Any, takes: str, constants: dict[str, Any]
) -> None:
    outcome, sequel, _ = pair(desk, first, takes, **constants)
    assert isinstance(outcome, Success | Failure)
    assert not sequel.begun


def test_where_the_run_stops_there_is_no_sequel(desk: Desk) -> None:
    desk.token.stopping = True
    _, sequel, _ = pair(desk, plain_pack.number, "value", value=3.0)
    assert not sequel.begun


# ------------------------------------------------------------------ runs


async def run(engine: Engine, nodes: Nodes, events: list[Event], **options: Any) -> RunResult:
    vars(engine).setdefault("flights", SingleFlight(MemoryTier(0)))
    end = max((name for name in nodes if name.startswith("n")), key=lambda name: int(name[1:]))
    document = workflow(nodes, outputs={"end": {"from": f"{end}.value"}})
    plan = engine.plan(engine.resolve(document))
    return await engine.start(document, plan, Path("unused"), events.append, **options).result()


async def test_a_row_is_told_like_any_other_calls(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphengine.run.runner.BRISK", 60.0)  # also where the machine is busy
    monkeypatch.setattr("graphengine.run.executors.thread.BREATH", 60.0)
    events: list[Event] = []
    assert await run(engine, row(200), events) == RunResult("done", {"end": 200.0})
    told = [(type(each), each.task) for each in events if isinstance(each, TaskStarted | TaskFinished)]
    assert told == [(kind, f"n{i}") for i in range(200) for kind in (TaskStarted, TaskFinished)]
    assert engine.services[plain_pack.Calls].names == [f"n{i}" for i in range(1, 200)]
    engine.close()


async def test_a_failure_in_the_breath_of_another_call_stops_its_descendants(engine: Engine) -> None:
    events: list[Event] = []
    nodes = row(20, n10=["plain.fail", {"value": link("n9.value")}])
    assert (await run(engine, nodes, events)).status == "failed"
    assert [each.task for each in events if isinstance(each, TaskFailed)] == ["n10"]
    assert {each.task for each in events if isinstance(each, TaskSkipped)} == {f"n{i}" for i in range(11, 20)}
    engine.close()


async def test_a_run_that_is_over_has_nothing_left_running(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancels and failures at any moment of many short rows beside each other; what began is waited for."""
    monkeypatch.setattr("graphengine.run.runner.BRISK", 60.0)
    chance = random.Random(7)
    calls = engine.services[plain_pack.Calls].names
    for _ in range(60):
        nodes: Nodes = {}
        for line in "abc":
            nodes[f"{line}0"] = ["plain.number", {"value": 1}]
            nodes |= {f"{line}{i}": ["plain.add", {"a": link(f"{line}{i - 1}.value"), "b": i}] for i in range(1, 30)}
        nodes["bad"] = ["plain.fail", {"value": link(f"a{chance.randrange(30)}.value")}]
        nodes["last"] = ["plain.add", {"a": link("b29.value"), "b": link("c29.value")}]
        document = workflow(nodes)
        events: list[Event] = []
        started = engine.start(document, engine.plan(engine.resolve(document)), Path("unused"), events.append)
        if chance.random() < 0.5:
            threading.Timer(chance.random() / 100, started.cancel).start()
        result = await started.result()
        before = len(calls)
        await asyncio.sleep(0.002)
        assert len(calls) == before
        assert result.status in {"failed", "cancelled"}
        names = [each.task for each in events if isinstance(each, TaskStarted)]
        assert len(names) == len(set(names))
    engine.close()
