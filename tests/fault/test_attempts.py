"""Calls that lose their worker, or what they gave: made again, and apart from those they were made together with."""

import asyncio
import time
from pathlib import Path

import fault_pack
import plain_pack
import pytest
from desk import Desk
from documents import Nodes, link, workflow

from graphengine.app import Engine, load_settings
from graphengine.errors import Failure
from graphengine.run.context import CancelToken
from graphengine.run.executors.base import Executor, Success
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.messages import Event, TaskFailed, TaskFinished, TaskProgress, TaskRetried
from graphengine.run.runner import RunResult
from graphengine.workflow.document import Workflow


@pytest.fixture(params=["processes", "rays"])
def executor(request: pytest.FixtureRequest) -> Executor:
    made: Executor = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def engine(executor: Executor) -> Engine:
    made = Engine(load_settings(coalesce=True, disk_cache_bytes=0), packs=(plain_pack.PACK, fault_pack.PACK))
    vars(made)["executor"] = executor
    return made


async def go(engine: Engine, document: Workflow, folder: Path) -> tuple[RunResult, list[Event]]:
    events: list[Event] = []
    plan = engine.plan(engine.resolve(document))
    return await engine.start(document, plan, folder, events.append, keep_going=True).result(), events


@pytest.mark.parametrize(("how", "code"), [("crash", "worker_died"), ("hang", "timed_out")])
async def test_a_call_whose_worker_was_lost_is_made_again(engine: Engine, tmp_path: Path, how: str, code: str) -> None:
    nodes: Nodes = {
        "one": ["plain.number", {"value": 3}],
        "shaky": ["fault.shaky", {"value": link("one.value"), "how": how, "times": 2}],
    }
    result, events = await go(engine, workflow(nodes, outputs={"end": {"from": "shaky.value"}}), tmp_path)
    assert result == RunResult("done", {"end": 3.0})
    assert [event.failure.code for event in events if isinstance(event, TaskRetried)] == [code] * 2


@pytest.mark.parametrize(("bad", "code"), [(13, "worker_died"), (14, "timed_out")])
async def test_who_kills_the_worker_of_a_joint_call_dies_alone(
    engine: Engine, tmp_path: Path, bad: int, code: str
) -> None:
    values = (1, 2, bad, 4)
    nodes: Nodes = {f"f{value}": ["fault.fragile", {"value": value}] for value in values}
    document = workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in nodes})
    result, events = await go(engine, document, tmp_path)
    assert result == RunResult("failed", {f"f{value}": value for value in values if value != bad})
    failed = [event for event in events if isinstance(event, TaskFailed)]
    assert [(event.task, event.failure.code) for event in failed] == [(f"f{bad}", code)]


async def test_calls_of_several_runs_are_made_as_one(engine: Engine, tmp_path: Path) -> None:
    documents = [
        workflow({"h": ["plain.halve", {"value": each}]}, outputs={"h": {"from": "h.value"}}) for each in (1, 2)
    ]
    ended = await asyncio.gather(*(go(engine, document, tmp_path) for document in documents))
    assert [result for result, _ in ended] == [RunResult("done", {"h": each}, {"h": 2}) for each in (0.5, 1.0)]
    for _, events in ended:
        assert [event.together for event in events if isinstance(event, TaskFinished)] == [2]
        assert [event.step for event in events if isinstance(event, TaskProgress)] == [1]


@pytest.mark.parametrize("how", ["sealed", "opened"])
def test_a_result_among_others_that_cannot_travel_fails_alone(executor: Executor, tmp_path: Path, how: str) -> None:
    outcomes = Desk(executor, tmp_path).together(fault_pack.sealed, {"how": "plain"}, {"how": how}, {"how": "plain"})
    good, bad, last = outcomes.all()
    assert isinstance(bad, Failure)
    assert bad.code == ("wrong_output" if how == "sealed" else "worker_died")
    assert isinstance(good, Success)
    assert isinstance(last, Success)
    assert good.together == last.together == (3 if how == "sealed" else 1)


@pytest.mark.parametrize("bad", [fault_pack.Sealed(3), fault_pack.Opened(3)])
def test_a_constant_among_others_that_cannot_travel_fails_alone(executor: Executor, tmp_path: Path, bad: int) -> None:
    calls = [{"value": each, "steps": 1, "digits": 6} for each in (1.0, bad, 2.0)]
    outcomes = Desk(executor, tmp_path).together(plain_pack.halve, *calls).all()
    assert [each.code if isinstance(each, Failure) else each.together for each in outcomes] == [
        1,
        "worker_died"
        if isinstance(executor, ProcessExecutor) and isinstance(bad, fault_pack.Opened)
        else "invalid_input",
        1,
    ]


def test_who_is_cancelled_while_all_wait_is_left_out(executor: Executor, tmp_path: Path) -> None:
    busy, desk = Desk(executor, tmp_path), Desk(executor, tmp_path)
    before = busy.together(plain_pack.halve, {"value": 1, "steps": 100, "digits": 6})
    tokens = [CancelToken() for _ in range(3)]
    calls = [{"value": each, "steps": 1, "digits": 6} for each in (1, 2, 3)]
    waiting = desk.together(plain_pack.halve, *calls, tokens=tokens)
    tokens[1].cancel()
    outcomes = waiting.all()
    assert [each.code if isinstance(each, Failure) else each.together for each in outcomes] == [3, "cancelled", 3]
    assert {event.task for event in desk.events if isinstance(event, TaskProgress)} == {"node0", "node2"}
    assert isinstance(before.outcome(), Success)


@pytest.mark.timed
def test_calls_that_wait_together_are_taken_back_when_all_are_cancelled(executor: Executor, tmp_path: Path) -> None:
    busy, desk = Desk(executor, tmp_path), Desk(executor, tmp_path)
    before = busy.together(plain_pack.halve, {"value": 1, "steps": 400, "digits": 6})
    waiting = desk.together(plain_pack.halve, *[{"value": each, "steps": 1, "digits": 6} for each in (1, 2)])
    started = time.monotonic()
    desk.token.cancel()
    assert [each.code for each in waiting.all() if isinstance(each, Failure)] == ["cancelled"] * 2
    assert time.monotonic() - started < 1, "2 s if they waited for their turn"
    busy.token.cancel()
    assert isinstance(before.outcome(), Failure)
