"""Calls that lose their worker: made again, and apart from those with which they were made together."""

from pathlib import Path

import fault_pack
import plain_pack
import pytest
from documents import Nodes, link, workflow

from graphengine.app import Engine, load_settings
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.messages import Event, TaskFailed, TaskRetried
from graphengine.run.runner import RunResult
from graphengine.workflow.document import Workflow


@pytest.fixture
def engine(processes: ProcessExecutor) -> Engine:
    made = Engine(load_settings(coalesce=True, disk_cache_bytes=0), packs=(plain_pack.PACK, fault_pack.PACK))
    vars(made)["executor"] = processes
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
