"""What a plan needs of the memory, and what is refused because it is not there."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from documents import Nodes, link, model_file, workflow

from graphengine.app import Engine
from graphengine.errors import Problem, WorkflowError
from graphengine.files.roots import File
from graphengine.node.footprint import Footprint
from graphengine.plan.memory import Fit, Forecast, Machine, Needs
from graphengine.plan.misfit import misfits
from graphengine.plan.past import Device, Past, Record, Taken, ingredients
from graphengine.plan.plan import Plan, Task

PARTS = {"Recipe": ""}
NUMBERS = 1_000_000
CUDA = Device("cuda:0", 10_000_000)


@pytest.fixture
def plan(engine: Engine, tmp_path: Path) -> Callable[..., Plan]:
    """Plan what takes models; the files are made as they are named."""

    def make(nodes: Nodes) -> Plan:
        for type_, inputs in nodes.values():
            for key in {"file", "salt"} & inputs.keys():
                model_file(tmp_path / "inputs" / inputs[key], NUMBERS)
            assert type_.startswith("plain.")
        return engine.plan(engine.resolve(workflow(nodes)))

    return make


def count(file: File, part: str) -> int | None:
    assert part == ""
    return NUMBERS if file.path.suffix == ".safetensors" else None


def needs(plan: Plan, name: str, machine: Machine, past: Past | None = None) -> Needs:
    task = plan.tasks[name]
    assert isinstance(task, Task)
    return Forecast(machine, PARTS, count).needs(task, plan.tasks, past or Past())


def cooking(precision: str = "auto", name: str = "a.safetensors") -> Nodes:
    return {
        "recipe": ["plain.recipe", {"file": name, "precision": precision}],
        "cook": ["plain.cook", {"recipe": link("recipe.recipe")}],
    }


@pytest.mark.parametrize(
    ("precision", "device", "itemsize"),
    [
        ("auto", None, 2),
        ("auto", Device("cpu"), 4),
        ("auto", CUDA, 2),
        ("float32", CUDA, 4),
        ("float16", Device("cpu"), 2),
    ],
)
def test_weights_are_told_from_headers(
    plan: Callable[..., Plan], precision: str, device: Device | None, itemsize: int
) -> None:
    assert needs(plan(cooking(precision)), "cook", Machine(device)).weights == NUMBERS * itemsize


def test_what_changes_weights_adds_its_own_and_nothing_counts_twice(plan: Callable[..., Plan]) -> None:
    nodes: Nodes = {
        "recipe": ["plain.recipe", {"file": "a.safetensors"}],
        "plain": ["plain.season", {"recipe": link("recipe.recipe")}],
        "salted": ["plain.season", {"recipe": link("plain.recipe"), "salt": "b.safetensors"}],
        "again": ["plain.season", {"recipe": link("salted.recipe"), "salt": "a.safetensors"}],
        "cook": ["plain.cook", {"recipe": link("again.recipe")}],
    }
    made = plan(nodes)
    assert needs(made, "cook", Machine()).weights == 2 * NUMBERS * 2
    assert needs(made, "salted", Machine()).weights == 0, "who only passes them on loads none"


def test_what_is_no_model_is_not_known(plan: Callable[..., Plan]) -> None:
    assert needs(plan(cooking(name="a.bin")), "cook", Machine()) == Needs()


def record(task: Task, plan: Plan, taken: Taken | None) -> Record:
    return Record(ingredients(task, plan.tasks), "finished", 1.0, False, 1e9, "run", taken)


def test_the_rest_is_told_from_earlier_calls(plan: Callable[..., Plan]) -> None:
    made = plan(cooking())
    task = made.tasks["cook"]
    assert isinstance(task, Task)
    own = Past({"cook": record(task, made, Taken(7, Footprint(100, 5, 50, "cuda:0", 1_000)))})
    assert needs(made, "cook", Machine(CUDA), own) == Needs(2 * NUMBERS, 50, 100, 7)
    typical = {task.spec.key: Taken(9, Footprint(300, 5, 70))}
    assert needs(made, "cook", Machine(CUDA), replace(own, taken=typical)) == Needs(2 * NUMBERS, 50, 100, 7)
    assert needs(made, "cook", Machine(CUDA), Past(taken=typical)) == Needs(2 * NUMBERS, 70, 300, 9)
    quick = Past({"cook": record(task, made, Taken(7))}, taken=typical)
    assert needs(made, "cook", Machine(CUDA), quick) == Needs(2 * NUMBERS, 70, 300, 7)


@pytest.mark.parametrize(
    ("machine", "fit"),
    [
        (Machine(), "yes"),
        (Machine(CUDA, 10**9, 10**9), "yes"),
        (Machine(CUDA, 10**9, 4_000_000), "over_budget"),
        (Machine(Device("cuda:0", 5_500_000), 10**9), "unlikely"),
        (Machine(CUDA, 500_000), "unlikely"),
        (Machine(Device("cpu"), 5_500_000), "unlikely"),
        (Machine(Device("cpu"), 6_500_000), "yes"),
    ],
)
def test_what_is_there_is_held_against_what_is_needed(machine: Machine, fit: Fit) -> None:
    needs = [Needs(5_000_000, 1_000_000, 1_000_000, 10), Needs(), Needs(None, None, 10, 20)]
    outlook = Forecast(machine).outlook(needs)
    assert outlook.fit == fit
    assert (outlook.weights, outlook.results) == (5_000_000, 30)
    apart = machine.device == CUDA or (machine.device is not None and machine.device.capacity)
    assert (outlook.device, outlook.host) == ((6_000_000, 1_000_000) if apart else (0, 6_000_000))


# ------------------------------------------------------------------ what cannot fit


def refused(plan: Plan, machine: Machine, kept: Mapping[str, Any] | None = None) -> list[Problem]:
    return misfits(plan, Forecast(machine, PARTS, count), (kept or {}).get)


def test_models_that_no_device_has_room_for_are_refused(plan: Callable[..., Plan]) -> None:
    made = plan(cooking("float32"))
    (problem,) = refused(made, Machine(Device("cuda:0", 3_000_000), 10**9))
    assert (problem.code, problem.node) == ("does_not_fit", "cook")
    assert problem.message == "the models that it uses take 4.0 MB at once, and cuda:0 has 3.0 MB"
    assert problem.hint == "With recipe.precision = 'float16' they take 2.0 MB."
    (problem,) = refused(made, Machine(Device("cuda:0", 1_500_000), 10**9))
    assert problem.hint == "It would fit into 2.0 MB and recipe.precision = 'float16'; or take smaller models."
    assert refused(made, Machine(Device("cuda:0", 4_000_000), 10**9)) == []


def test_what_has_no_room_in_the_host_is_refused_on_any_device(plan: Callable[..., Plan]) -> None:
    (problem,) = refused(plan(cooking()), Machine(None, 1_000_000))
    assert "'a.safetensors' takes 2.0 MB, and this machine has 1.0 MB" in problem.message
    (problem,) = refused(plan(cooking()), Machine(Device("cpu"), 3_000_000))
    assert problem.message == "the models that it uses take 4.0 MB at once, and this machine has 3.0 MB"


def test_what_is_not_known_refuses_nothing(plan: Callable[..., Plan]) -> None:
    assert refused(plan(cooking()), Machine()) == []
    assert refused(plan(cooking(name="a.bin")), Machine(None, 1)) == []
    assert refused(plan({"cook": ["plain.number", {}]}), Machine(None, 1)) == []


def test_what_comes_from_the_cache_needs_no_room(plan: Callable[..., Plan]) -> None:
    made = plan(cooking())
    assert len(refused(made, Machine(None, 1_000))) == 1
    assert refused(made, Machine(None, 1_000), {made.tasks["cook"].fingerprint: "disk"}) == []


def test_the_turns_of_a_loop_are_looked_at_too(engine: Engine, plan: Callable[..., Plan], tmp_path: Path) -> None:
    model_file(tmp_path / "inputs" / "a.safetensors", NUMBERS)
    nodes: Nodes = {**cooking(), "waits": ["plain.numbers", {"values": [0.0, 0.1]}]}
    nodes["cook"][1]["patience"] = link("waits.values")
    made = engine.plan(engine.resolve(workflow(nodes)))
    assert [each.node for each in refused(made, Machine(None, 1_000))] == ["cook"]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with hardly any memory."""
    monkeypatch.setattr("graphengine.run.forecaster.host_memory", lambda: 1_500_000)


@pytest.mark.usefixtures("tiny")
def test_an_engine_refuses_the_plan(engine: Engine, tmp_path: Path) -> None:
    model_file(tmp_path / "inputs" / "a.safetensors", NUMBERS)
    with pytest.raises(WorkflowError, match=r"cook: .* takes 2\.0 MB, and this machine has 1\.5 MB \[does_not_fit\]"):
        engine.plan(engine.resolve(workflow(cooking())))
    engine.close()
