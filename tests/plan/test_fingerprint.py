"""Fingerprints: what changes them, and what does not."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import Nodes, link, workflow
from hypothesis import given
from hypothesis import strategies as st

from graphengine.app import Engine, load_settings
from graphengine.node.pack import ServiceOptions
from graphengine.node.registry import Registry
from graphengine.plan.fingerprint import fingerprints
from graphengine.plan.planner import make_plan

NODES: Nodes = {
    "one": ["plain.number", {"value": 1}],
    "two": ["plain.number", {"value": 2}],
    "sum": ["plain.add", {"a": link("one.value"), "b": link("two.value")}],
    "end": ["plain.pass", {"value": link("sum.value")}],
}


@pytest.fixture
def prints(engine: Engine) -> Callable[[Nodes], Any]:
    return lambda nodes: fingerprints(engine.resolve(workflow(nodes)).nodes)


def test_equal_constants_share_a_fingerprint(prints: Callable[[Nodes], Any]) -> None:
    found = prints(
        {
            "a": ["plain.number", {"value": 1}],
            "b": ["plain.number", {"value": 1.0}],
            "c": ["plain.number", {"value": 1.5}],
        }
    )
    assert found["a"] == found["b"] != found["c"]


def test_a_default_is_as_good_as_written(prints: Callable[[Nodes], Any]) -> None:
    found = prints({"a": ["plain.limited", {}], "b": ["plain.limited", {"steps": 20}]})
    assert found["a"] == found["b"]


def test_names_and_order_do_not_matter(prints: Callable[[Nodes], Any]) -> None:
    other: Nodes = {
        "E": ["plain.pass", {"value": link("S.value")}],
        "S": ["plain.add", {"b": link("T.value"), "a": link("O.value")}],
        "T": ["plain.number", {"value": 2}],
        "O": ["plain.number", {"value": 1}],
    }
    assert prints(NODES)["end"] == prints(other)["E"]


def test_which_input_a_value_goes_to_matters(prints: Callable[[Nodes], Any]) -> None:
    swapped = {**NODES, "sum": ["plain.add", {"a": link("two.value"), "b": link("one.value")}]}
    assert prints(NODES)["sum"] != prints(swapped)["sum"]


def test_which_output_a_value_comes_from_matters(prints: Callable[[Nodes], Any]) -> None:
    def nodes(output: str) -> Nodes:
        return {"s": ["plain.split", {"value": 1}], "e": ["plain.pass", {"value": link(f"s.{output}")}]}

    assert prints(nodes("whole"))["e"] != prints(nodes("rest"))["e"]


def test_a_changed_constant_changes_exactly_the_descendants(prints: Callable[[Nodes], Any]) -> None:
    before, after = prints(NODES), prints({**NODES, "two": ["plain.number", {"value": 3}]})
    assert {name for name in NODES if before[name] != after[name]} == {"two", "sum", "end"}


def test_the_version_of_a_node_changes_it(engine: Engine) -> None:
    graph = engine.resolve(workflow(NODES))
    newer = replace(graph.nodes["two"], spec=replace(graph.nodes["two"].spec, version=2))
    changed = replace(graph, nodes={**graph.nodes, "two": newer})
    assert fingerprints(graph.nodes)["two"] != fingerprints(changed.nodes)["two"]


def test_the_environment_of_a_node_changes_it_and_its_descendants(engine: Engine) -> None:
    graph = engine.resolve(workflow(NODES))
    before, after = fingerprints(graph.nodes), fingerprints(graph.nodes, {"plain.add": "torch 9"})
    assert {name for name in NODES if before[name] != after[name]} == {"sum", "end"}


def test_a_pack_says_what_its_results_depend_on() -> None:
    pack = replace(plain_pack.PACK, environment=lambda options: f"device {options.device}")
    environments = Registry((pack,)).environments(ServiceOptions(device="cpu"))
    assert environments["plain.add"] == "device cpu"


def test_the_content_of_a_file_counts_and_its_name_does_not(prints: Callable[[Nodes], Any], tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    (inputs / "a.txt").write_text("same")
    (inputs / "b.txt").write_text("same")
    nodes: Nodes = {"a": ["plain.read", {"file": "a.txt"}], "b": ["plain.read", {"file": "b.txt"}]}
    before = prints(nodes)
    assert before["a"] == before["b"]
    (inputs / "a.txt").write_text("other")
    assert prints(nodes)["a"] != before["a"]


@given(seed=st.integers(), size=st.integers(2, 20))
def test_reordering_a_document_changes_nothing(seed: int, size: int) -> None:
    engine = Engine(load_settings(), packs=(plain_pack.PACK,))  # a fixture does not go with given
    chance = random.Random(seed)
    nodes: Nodes = {"n0": ["plain.number", {"value": chance.random()}]}
    for index in range(1, size):
        sources = [link(f"n{chance.randrange(index)}.value") for _ in range(2)]
        nodes[f"n{index}"] = ["plain.add", {"a": sources[0], "b": sources[1]}]
    shuffled = list(nodes.items())
    chance.shuffle(shuffled)
    first, second = (fingerprints(engine.resolve(workflow(dict(each))).nodes) for each in (nodes.items(), shuffled))
    assert first == second


def test_a_plan_keeps_only_what_the_targets_need(engine: Engine) -> None:
    graph = engine.resolve(workflow({**NODES, "lonely": ["plain.number", {"value": 9}]}))
    assert set(make_plan(graph, ["sum"]).tasks) == {"one", "two", "sum"}
    assert set(make_plan(graph).targets) == {"end", "lonely"}


def test_sinks_and_outputs_are_targets_by_themselves(engine: Engine) -> None:
    nodes: Nodes = {
        **NODES,
        "word": ["plain.word", {}],
        "save": ["plain.write", {"text": link("word.value")}],
    }
    plan = make_plan(engine.resolve(workflow(nodes, outputs={"total": {"from": "sum.value"}})))
    assert plan.targets == ("sum", "save")
    assert "end" not in plan.tasks
