"""Subgraphs: a node that stands for many."""

from collections.abc import Callable
from typing import Any

import pytest
from documents import Nodes, link, workflow

from graphengine.app import Engine
from graphengine.errors import Problem, WorkflowError
from graphengine.plan.fingerprint import fingerprints
from graphengine.workflow.document import Workflow

Find = Callable[..., list[Problem]]

TWICE: dict[str, Any] = {
    "inputs": {"number": {"to": ["double.a", "double.b"]}},
    "outputs": {"number": {"from": "double.value"}},
    "nodes": {"double": {"type": "plain.add", "inputs": {"a": 1}}},
}
FOURFOLD: dict[str, Any] = {
    "inputs": {"number": {"to": ["first.number"]}},
    "outputs": {"number": {"from": "second.number"}, "half": {"from": "first.number"}},
    "nodes": {
        "first": {"type": "subgraph:twice", "inputs": {}},
        "second": {"type": "subgraph:twice", "inputs": {"number": link("first.number")}},
    },
}
SUBGRAPHS = {"twice": TWICE, "fourfold": FOURFOLD}

NODES: Nodes = {
    "three": ["plain.number", {"value": 3}],
    "more": ["subgraph:fourfold", {"number": link("three.value")}],
    "end": ["plain.pass", {"value": link("more.number")}],
}


def document(nodes: Nodes = NODES, **rest: Any) -> Workflow:
    return workflow(nodes, **{"subgraphs": SUBGRAPHS, **rest})


async def run(engine: Engine, flow: Workflow) -> Any:
    run = engine.start(flow, engine.plan(engine.resolve(flow)), engine.settings.input_folders[0], lambda _: None)
    return (await run.result()).outputs


async def test_nested_subgraphs_are_computed(engine: Engine) -> None:
    outputs = {"end": {"from": "end.value"}, "whole": {"from": "more.number"}, "half": {"from": "more.half"}}
    assert await run(engine, document(outputs=outputs)) == {"end": 12.0, "whole": 12.0, "half": 6.0}
    engine.close()


def test_inner_nodes_are_named_by_their_way(engine: Engine) -> None:
    assert set(engine.resolve(document()).nodes) == {"three", "more/first/double", "more/second/double", "end"}


def test_what_is_not_given_stays_as_the_subgraph_says(engine: Engine) -> None:
    graph = engine.resolve(document({"t": ["subgraph:twice", {}]}))
    assert graph.nodes["t/double"].constants == {"a": 1.0, "b": 0.0}


def test_a_subgraph_has_the_fingerprints_of_its_nodes(engine: Engine) -> None:
    inside = engine.resolve(document({"t": ["subgraph:twice", {"number": 2}]}))
    plain = engine.resolve(workflow({"x": ["plain.add", {"a": 2, "b": 2}]}))
    assert fingerprints(inside.nodes)["t/double"] == fingerprints(plain.nodes)["x"]


def test_named_inputs_of_the_workflow_reach_into_it(engine: Engine) -> None:
    flow = document({"t": ["subgraph:twice", {}]}, inputs={"n": {"to": ["t.number"]}})
    assert set(engine.resolve(flow).nodes) == {"t/double"}


def moded(flow: Workflow, **modes: Any) -> Workflow:
    nodes = {name: node.model_copy(update={"mode": modes.get(name, "run")}) for name, node in flow.nodes.items()}
    return flow.model_copy(update={"nodes": nodes})


@pytest.mark.parametrize("mode", ["bypass", "mute"])
def test_a_mode_holds_for_all_inside(engine: Engine, mode: str) -> None:
    graph = engine.resolve(moded(document(), more=mode))
    assert set(graph.nodes) == ({"three", "end"} if mode == "bypass" else {"three"})


THERE_AND_BACK: dict[str, Any] = {
    "inputs": {"number": {"to": ["text.text"]}, "count": {"to": ["whole.value"]}},
    "outputs": {"word": {"from": "text.value"}, "rest": {"from": "whole.rest"}, "deep": {"from": "deep.rest"}},
    "nodes": {
        "text": {"type": "plain.word"},
        "whole": {"type": "plain.split"},
        "deep": {"type": "subgraph:inner", "inputs": {"count": 7}},
    },
}
INNER: dict[str, Any] = {
    "inputs": {"count": {"to": ["whole.value"]}},
    "outputs": {"rest": {"from": "whole.rest"}},
    "nodes": {"whole": {"type": "plain.split"}},
}


def test_a_bypassed_subgraph_passes_by_its_own_sockets(engine: Engine) -> None:
    subgraphs = {"there": THERE_AND_BACK, "inner": INNER}
    nodes: Nodes = {
        "one": ["plain.number", {"value": 1}],
        "t": ["subgraph:there", {"count": link("one.value")}],
        "end": ["plain.pass", {"value": link("t.rest")}],
        "write": ["plain.write", {"text": link("t.word")}],
    }
    graph = engine.resolve(moded(document(nodes, subgraphs=subgraphs), t="bypass"))
    assert set(graph.nodes) == {"one", "end", "write"}
    assert str(graph.nodes["end"].links["value"].source) == "one.value"
    assert graph.nodes["write"].constants["text"] == "", "the default of what is inside"


def test_a_bypassed_subgraph_within_a_subgraph_passes_what_is_written_inside(engine: Engine) -> None:
    outer: dict[str, Any] = {
        "outputs": {"rest": {"from": "deep.rest"}},
        "nodes": {"deep": {"type": "subgraph:inner", "inputs": {}, "mode": "bypass"}},
    }
    inner = {**INNER, "nodes": {"whole": {"type": "plain.split", "inputs": {"value": 2.5}}}}
    nodes: Nodes = {"t": ["subgraph:outer", {}], "end": ["plain.pass", {"value": link("t.rest")}]}
    graph = engine.resolve(document(nodes, subgraphs={"outer": outer, "inner": inner}))
    assert set(graph.nodes) == {"end"}
    assert graph.nodes["end"].constants["value"] == 2.5


def test_a_bypassed_subgraph_must_have_the_output_that_is_taken(engine: Engine) -> None:
    nodes: Nodes = {"t": ["subgraph:twice", {}], "end": ["plain.pass", {"value": link("t.tpyo")}]}
    nodes["one"] = ["plain.number", {}]
    with pytest.raises(WorkflowError) as caught:
        engine.resolve(moded(document(nodes), t="bypass"))
    assert [(each.code, each.place) for each in caught.value.problems] == [("unknown_output", "end.value")]


@pytest.mark.parametrize(
    ("nodes", "code", "place", "hint"),
    [
        ({"a": ["subgraph:twise", {}]}, "unknown_node_type", "a", "Did you mean 'twice'?"),
        ({"a": ["subgraph:twice", {"numbr": 1}]}, "unknown_input", "a.numbr", "Did you mean 'number'?"),
        ({"a": ["subgraph:twice", {"number": "x"}]}, "invalid_value", "a/double.a", ""),
        ({"a": ["subgraph:self", {}]}, "cycle", "a/again", ""),
        (
            {"a": ["subgraph:twice", {}], "b": ["plain.pass", {"value": link("a.nothing")}]},
            "unknown_output",
            "b.value",
            "",
        ),
    ],
)
def test_problems_stand_at_their_place(problems: Find, nodes: Nodes, code: str, place: str, hint: str) -> None:
    endless = {"nodes": {"again": {"type": "subgraph:self", "inputs": {}}}}
    found = problems(nodes, subgraphs={**SUBGRAPHS, "self": endless})
    assert (found[0].code, found[0].place, found[0].hint if hint else "") == (code, place, hint)


def test_subgraphs_that_multiply_are_stopped(problems: Find) -> None:
    inner: dict[str, Any] = {"nodes": {"x": {"type": "plain.number", "inputs": {}}}}
    subgraphs = {"s0": inner}
    for depth in range(1, 12):
        used = {f"n{i}": {"type": f"subgraph:s{depth - 1}", "inputs": {}} for i in range(10)}
        subgraphs[f"s{depth}"] = {"nodes": used}
    found = problems({"a": ["subgraph:s11", {}]}, subgraphs=subgraphs)
    assert found[0].code == "too_large"


def doubling(levels: int, innermost: dict[str, Any], uses: int = 2) -> dict[str, Any]:
    """Subgraphs ``s0``, ``s1`` ...: each has the one before it ``uses`` times."""
    subgraphs: dict[str, Any] = {"s0": innermost}
    for level in range(1, levels):
        subgraphs[f"s{level}"] = {"nodes": {f"n{i}": {"type": f"subgraph:s{level - 1}"} for i in range(uses)}}
    return subgraphs


def test_subgraphs_of_nothing_multiply_as_well(problems: Find) -> None:
    found = problems({"a": ["subgraph:s39", {}]}, subgraphs=doubling(40, {}))
    assert [each.code for each in found] == ["too_large"]


def test_values_handed_in_are_counted(problems: Find) -> None:
    wide = {
        "inputs": {"x": {"to": ["n.value"] * 1_000}},
        "nodes": {"n": {"type": "plain.number"}},
    }
    nodes: Nodes = {f"n{i}": ["subgraph:wide", {"x": 1}] for i in range(1_000)}
    assert [each.code for each in problems(nodes, subgraphs={"wide": wide})] == ["too_large"]


def test_subgraphs_lie_within_each_other_only_so_deep(engine: Engine, problems: Find) -> None:
    subgraphs = doubling(100, {"nodes": {"x": {"type": "plain.number"}}}, uses=1)
    engine.resolve(document({"a": ["subgraph:s63", {}]}, subgraphs=subgraphs))
    found = problems({"a": ["subgraph:s64", {}]}, subgraphs=subgraphs)
    assert [(each.code, each.message) for each in found] == [
        ("too_large", "more than 64 subgraphs lie within each other")
    ]


def test_an_interface_that_is_not_there_is_a_problem(problems: Find) -> None:
    interface = {"outputs": {"o": {"from": "more.whole"}}, "inputs": {"i": {"to": ["more.n"]}}}
    found = problems(NODES, subgraphs=SUBGRAPHS, **interface)
    assert [each.place for each in found] == ["more.n", "more.whole"]
    assert [each.code for each in found] == ["unknown_input", "unknown_output"]


@pytest.mark.parametrize("nodes", [{"a": ["plain.number", {}]}, {"a": ["subgraph:bad", {}]}])
def test_the_sockets_of_every_subgraph_lead_somewhere(problems: Find, nodes: Nodes) -> None:
    bad: dict[str, Any] = {
        "inputs": {"p": {"to": ["n.valu"]}, "q": {"to": ["z.value"]}},
        "outputs": {"o": {"from": "n.image"}, "r": {"from": "z.value"}},
        "nodes": {"n": {"type": "plain.number"}},
    }
    found = problems(nodes, subgraphs={"bad": bad})
    assert [(each.code, each.place) for each in found] == [
        ("unknown_input", "subgraphs/bad/n.valu"),
        ("unknown_node", "subgraphs/bad/z.value"),
        ("unknown_output", "subgraphs/bad/n.image"),
        ("unknown_node", "subgraphs/bad/z.value"),
    ]
    assert found[0].hint == "Did you mean 'value'?"


def test_the_nodes_of_a_subgraph_that_nobody_uses_are_proven_by_name(problems: Find) -> None:
    bad: dict[str, Any] = {
        "nodes": {
            "n": {"type": "plain.nummber"},
            "m": {"type": "subgraph:twise"},
            "x": {"type": "plain.add", "inputs": {"a": link("n.value"), "b": link("none.value")}},
            "y": {"type": "plain.pass", "inputs": {"value": link("x.tpyo")}},
        }
    }
    found = problems({"a": ["plain.number", {}]}, subgraphs={"bad": bad, **SUBGRAPHS})
    assert [(each.code, each.place) for each in found] == [
        ("unknown_node_type", "subgraphs/bad/n"),
        ("unknown_node_type", "subgraphs/bad/m"),
        ("unknown_node", "subgraphs/bad/x.b"),
        ("unknown_output", "subgraphs/bad/y.value"),
    ]


def test_a_document_with_subgraphs_survives_a_round_trip() -> None:
    data = document().to_json()
    assert data["subgraphs"]["twice"]["nodes"]["double"] == {"type": "plain.add", "inputs": {"a": 1}}
