"""What a plan knows beside fingerprints."""

from pathlib import Path
from typing import Any

import pytest
from documents import Nodes, link, workflow

from graphengine.app import Engine, load_settings
from graphengine.errors import WorkflowError
from graphengine.plan.planner import make_plan, takes_weights

NODES: Nodes = {
    "blob": ["plain.blob", {}],
    "same": ["plain.blob", {}],
    "other": ["plain.blob", {"fill": 1}],
    "a": ["plain.look", {"blob": link("blob.blob")}],
    "b": ["plain.look", {"blob": link("same.blob")}],
    "c": ["plain.look", {"blob": link("other.blob")}],
}


def test_tasks_with_the_same_weights_are_known_by_what_is_linked(engine: Engine) -> None:
    tasks = make_plan(engine.resolve(workflow(NODES)), weights=("Blob",)).tasks
    assert tasks["a"].weights == tasks["b"].weights != tasks["c"].weights
    assert [len(tasks[name].weights) for name in "abc"] == [1, 1, 1]
    assert tasks["blob"].weights == frozenset()


def test_without_types_of_weights_there_are_none(engine: Engine) -> None:
    assert not any(task.weights for task in make_plan(engine.resolve(workflow(NODES))).tasks.values())


def test_a_graph_is_known_to_take_weights_where_a_task_of_its_plan_has_some(engine: Engine) -> None:
    for names in (["blob"], ["blob", "a"]):
        graph = engine.resolve(workflow({name: NODES[name] for name in names}))
        tasks = make_plan(graph, weights=("Blob",)).tasks
        assert takes_weights(graph, ("Blob",)) == any(task.weights for task in tasks.values()) == (len(names) == 2)


@pytest.mark.torch
@pytest.mark.parametrize("targets", [None, ["canvas"]])
def test_a_check_says_what_a_plan_does(tmp_path: Path, targets: list[str] | None) -> None:
    engine = Engine(load_settings(input_folders=[tmp_path]))
    model: Nodes = {"model": ["model.load", {"source": "builtin:shapes-128"}]}
    graph = engine.resolve(workflow({**model, "canvas": ["latent.empty", {"model": link("model.model")}]}))
    assert engine.check(graph, targets) == engine.plan(graph, targets)
    plain = engine.resolve(workflow({"canvas": ["image.solid", {}]}))
    assert engine.check(plain, targets) is None
    for each in (graph, plain):
        with pytest.raises(WorkflowError, match="'cavas' is not in the workflow"):
            engine.check(each, ["cavas"])


@pytest.mark.torch
def test_the_parts_of_a_model_are_weights_of_their_own(tmp_path: Path) -> None:
    engine = Engine(load_settings(input_folders=[tmp_path]))
    nodes: Nodes = {
        "model": ["model.load", {"source": "builtin:shapes-128"}],
        "yes": ["text.encode", {"encoder": link("model.text_encoder"), "text": "a"}],
        "no": ["text.encode", {"encoder": link("model.text_encoder"), "text": "b"}],
        "canvas": ["latent.empty", {"model": link("model.model")}],
        "decode": ["vae.decode", {"vae": link("model.vae"), "latent": link("canvas.latent")}],
    }
    tasks = engine.plan(engine.resolve(workflow(nodes))).tasks
    assert tasks["yes"].weights == tasks["no"].weights
    assert len({tasks[name].weights for name in ("yes", "canvas", "decode")}) == 3


def keys(engine: Engine, nodes: Nodes, **given: Any) -> dict[str, str | None]:
    plan = make_plan(engine.resolve(workflow(nodes)), coalesce=True, **given)
    return {name: task.batch_key for name, task in plan.tasks.items()}


HALVES: Nodes = {
    "one": ["plain.number", {"value": 1}],
    "two": ["plain.number", {"value": 2}],
    "a": ["plain.halve", {"value": link("one.value")}],
    "b": ["plain.halve", {"value": link("two.value"), "steps": 7}],
    "c": ["plain.halve", {"value": 3}],
    "other": ["plain.halve", {"value": link("one.value"), "digits": 2}],
}


def test_tasks_that_differ_only_where_they_may_can_be_one_call(engine: Engine) -> None:
    found = keys(engine, HALVES)
    assert found["a"] == found["b"] == found["c"] is not None
    assert found["other"] not in (found["a"], None)
    assert found["one"] is None, "its node makes one call at a time"


def test_what_is_linked_where_they_may_not_differ_counts_by_its_fingerprint(engine: Engine) -> None:
    nodes: Nodes = {name: ["plain.limited", {"seed": seed}] for name, seed in (("s", 1), ("t", 1), ("u", 2))}
    nodes |= {f"h{name}": ["plain.halve", {"value": 1, "digits": link(f"{name}.value")}] for name in "stu"}
    found = keys(engine, nodes)
    assert found["hs"] == found["ht"] != found["hu"]


def test_the_environment_is_part_of_what_calls_have_in_common(engine: Engine) -> None:
    assert keys(engine, HALVES)["a"] != keys(engine, HALVES, environments={"plain.halve": "another"})["a"]


def test_without_coalescing_every_task_is_alone(engine: Engine) -> None:
    assert {task.batch_key for task in make_plan(engine.resolve(workflow(HALVES))).tasks.values()} == {None}


def test_a_result_of_calls_together_has_another_name(engine: Engine) -> None:
    other = Engine(engine.settings.model_copy(update={"coalesce": True}), packs=engine.packs)
    apart, together = (each.plan(each.resolve(workflow(HALVES))).tasks for each in (engine, other))
    assert apart["a"].fingerprint != together["a"].fingerprint
    assert apart["one"].fingerprint == together["one"].fingerprint
