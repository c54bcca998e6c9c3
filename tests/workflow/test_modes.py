"""Bypass and mute: what is left of a graph, and what flows where."""

from collections.abc import Callable
from typing import Any

import pytest
from documents import Nodes, link, workflow

from graphengine.app import Engine
from graphengine.errors import WorkflowError
from graphengine.node.registry import Registry
from graphengine.workflow.graph import Graph
from graphengine.workflow.modes import passage

NODES: Nodes = {
    "one": ["plain.number", {"value": 1}],
    "two": ["plain.number", {"value": 2}],
    "sum": ["plain.add", {"a": link("one.value"), "b": link("two.value")}],
    "more": ["plain.add", {"a": link("sum.value"), "b": 10}],
    "end": ["plain.pass", {"value": link("more.value")}],
}

Resolve = Callable[..., Graph]


@pytest.fixture
def resolve(engine: Engine) -> Resolve:
    def resolve(nodes: Nodes = NODES, *, outputs: dict[str, Any] | None = None, **modes: str) -> Graph:
        document = workflow(nodes, outputs=outputs or {})
        moded = {
            name: node.model_copy(update={"mode": modes.get(name, "run")}) for name, node in document.nodes.items()
        }
        return engine.resolve(document.model_copy(update={"nodes": moded}))

    return resolve


def sources(graph: Graph) -> dict[str, str]:
    return {f"{name}.{key}": str(each.source) for name, node in graph.nodes.items() for key, each in node.links.items()}


def test_the_first_input_of_a_type_passes_to_the_first_output_of_it(registry: Registry) -> None:
    def passed(node: str) -> dict[str, str]:
        return {name: each.name for name, each in passage(registry.nodes[node]).items()}

    assert passed("plain.add") == {"value": "a"}
    assert passed("plain.split") == {"rest": "value"}, "a Float passes, a whole number does not"
    assert passed("plain.read") == {}


def test_a_bypassed_node_is_led_past(resolve: Resolve) -> None:
    graph = resolve(more="bypass")
    assert "more" not in graph.nodes
    assert sources(graph)["end.value"] == "sum.value"


def test_bypasses_in_a_row_are_led_past_together(resolve: Resolve) -> None:
    assert sources(resolve(sum="bypass", more="bypass"))["end.value"] == "one.value"


def test_a_value_passes_a_bypass_as_well(resolve: Resolve) -> None:
    graph = resolve(one="run", sum="bypass", more="bypass", nodes={**NODES, "sum": ["plain.add", {"a": 5}]})
    assert graph.nodes["end"].constants["value"] == 5.0


def test_a_muted_node_takes_those_with_it_that_need_it(resolve: Resolve) -> None:
    assert set(resolve(sum="mute").nodes) == {"one", "two"}


def test_who_can_do_without_a_muted_node_goes_on(resolve: Resolve) -> None:
    graph = resolve(two="mute")
    assert set(graph.nodes) == {"one", "sum", "more", "end"}
    assert graph.nodes["sum"].constants == {"b": 0.0}


def test_a_bypass_with_nothing_to_pass_is_a_mute(resolve: Resolve) -> None:
    nodes: Nodes = {"a": ["plain.split", {"value": 1}], "b": ["plain.limited", {"steps": link("a.whole")}]}
    assert resolve(nodes, a="bypass").nodes["b"].constants["steps"] == 20


def test_outputs_are_led_past_too_or_left_out(resolve: Resolve) -> None:
    outputs = {"end": {"from": "more.value"}, "sum": {"from": "sum.value"}}
    assert {name: str(socket) for name, socket in resolve(more="bypass", outputs=outputs).outputs.items()} == {
        "end": "sum.value",
        "sum": "sum.value",
    }
    assert resolve(sum="mute", outputs=outputs).outputs == {}


def test_what_is_wrong_in_a_muted_node_does_not_matter(resolve: Resolve) -> None:
    nodes: Nodes = {"good": ["plain.number", {}], "bad": ["plain.limited", {"steps": 0, "stepz": 1}]}
    assert set(resolve(nodes, bad="mute").nodes) == {"good"}


@pytest.mark.parametrize("mode", ["bypass", "mute"])
@pytest.mark.parametrize(
    ("address", "code"), [("sum.tpyo", "unknown_output"), ("smu.value", "unknown_node"), ("sum.value", None)]
)
def test_a_typo_behind_a_node_that_does_not_run_is_a_problem(
    resolve: Resolve, mode: str, address: str, code: str | None
) -> None:
    nodes: Nodes = {**NODES, "more": ["plain.add", {"a": link(address), "b": 10}]}
    if code is None:
        resolve(nodes, sum=mode)
        return
    with pytest.raises(WorkflowError) as caught:
        resolve(nodes, sum=mode)
    assert [(each.code, each.place) for each in caught.value.problems] == [(code, "more.a")]


def test_typos_of_and_behind_nodes_that_are_cut_off_are_problems(resolve: Resolve) -> None:
    nodes: Nodes = {
        **NODES,
        "sum": ["plain.add", {"a": link("one.value"), "b": link("nothing.value")}],
        "more": ["plain.add", {"a": link("sum.tpyo")}],
        "past": ["plain.pass", {"value": link("one.oops")}],
    }
    with pytest.raises(WorkflowError) as caught:
        resolve(nodes, one="mute", past="bypass")
    assert {(each.code, each.place) for each in caught.value.problems} == {
        ("unknown_node", "sum.b"),
        ("unknown_output", "more.a"),
        ("unknown_output", "past.value"),
    }


def test_a_default_passes_a_bypass_as_well(resolve: Resolve) -> None:
    nodes: Nodes = {
        "one": ["plain.number", {"value": 1}],
        "zero": ["plain.number", {}],
        "word": ["plain.word", {}],
        "sum": ["plain.add", {"a": link("one.value"), "b": link("zero.value")}],
        "pass": ["plain.pass", {"value": link("zero.value")}],
        "write": ["plain.write", {"text": link("word.value")}],
    }
    graph = resolve(nodes, zero="bypass", word="bypass")
    assert graph.nodes["pass"].constants["value"] == 0.0
    assert graph.nodes["sum"].constants == {"b": 0.0}
    assert graph.nodes["write"].constants["text"] == ""


def test_a_circle_of_bypassed_nodes_leads_to_nothing(resolve: Resolve) -> None:
    nodes: Nodes = {
        "a": ["plain.pass", {"value": link("b.value")}],
        "b": ["plain.pass", {"value": link("a.value")}],
        "c": ["plain.add", {"a": 1, "b": link("b.value")}],
    }
    assert resolve(nodes, a="bypass", b="bypass").nodes["c"].constants == {"a": 1.0, "b": 0.0}


def test_nothing_left_is_nothing_to_do(resolve: Resolve) -> None:
    with pytest.raises(WorkflowError, match="every node is bypassed or muted"):
        resolve({"a": ["plain.number", {}]}, a="mute")


def test_ten_thousand_bypasses_in_a_row_need_no_recursion(resolve: Resolve) -> None:
    nodes: Nodes = {"n0": ["plain.number", {}]}
    nodes |= {f"n{i}": ["plain.pass", {"value": link(f"n{i - 1}.value")}] for i in range(1, 10_000)}
    graph = resolve(nodes, **{f"n{i}": "bypass" for i in range(1, 9_999)})
    assert sources(graph) == {"n9999.value": "n0.value"}
