import pytest
from documents import link, workflow

from graphengine.app import Engine
from graphengine.errors import WorkflowError
from graphengine.node.registry import Registry
from graphengine.workflow.document import Workflow
from graphengine.workflow.parameters import read_argument, with_parameters


@pytest.fixture
def document() -> Workflow:
    return workflow(
        {
            "a": ["plain.word", {"text": "x"}],
            "b": ["plain.limited", {}],
            "c": ["plain.limited", {"steps": link("b.value")}],
        },
        inputs={"text": {"to": ["a.text"]}, "steps": {"to": ["b.steps", "c.steps"]}},
    )


def test_a_named_input_sets_every_socket_it_leads_to(document: Workflow) -> None:
    changed = with_parameters(document, {"steps": 7})
    assert changed.nodes["b"].inputs == changed.nodes["c"].inputs == {"steps": 7}
    assert document.nodes["b"].inputs == {}, "the document is left as it was"


def test_any_socket_can_be_addressed(document: Workflow) -> None:
    assert with_parameters(document, {"a.kind": "lower"}).nodes["a"].inputs == {"text": "x", "kind": "lower"}


def test_unknown_names_are_problems_all_at_once(document: Workflow) -> None:
    with pytest.raises(WorkflowError) as caught:
        with_parameters(document, {"txt": 1, "zzz": 2, "q.kind": 3})
    assert [problem.code for problem in caught.value.problems] == ["unknown_workflow_input"] * 3
    assert caught.value.problems[0].hint == "Did you mean 'text'?"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        *[("text", "7", "7"), ("text", "true", "true"), ("text", "a=b", "a=b"), ("a.kind", "lower", "lower")],
        *[("steps", "7", 7), ("steps", "3.9", 3.9), ("b.switch", "true", True), ("b.switch", "yes", "yes")],
        *[("steps", "NaN", "NaN"), ("steps", '{"$link": "b.value"}', {"$link": "b.value"}), ("zzz", "7", 7)],
    ],
)
def test_arguments_are_read_by_the_type_of_their_socket(
    document: Workflow, registry: Registry, name: str, text: str, value: object
) -> None:
    assert read_argument(document, registry, name, text) == value


def test_an_address_whose_node_is_not_there_names_a_similar_node(document: Workflow) -> None:
    nodes = {**document.nodes, "sample": document.nodes["a"]}
    with pytest.raises(WorkflowError) as caught:
        with_parameters(document.model_copy(update={"nodes": nodes}), {"sampel.kind": "upper"})
    assert caught.value.problems[0].message == "there is no node 'sampel'"
    assert caught.value.problems[0].hint == "Did you mean 'sample'?"


def test_a_named_input_that_leads_nowhere_is_left_to_the_resolver(engine: Engine) -> None:
    flow = workflow({"a": ["plain.word", {}]}, inputs={"text": {"to": ["b.text"]}})
    assert with_parameters(flow, {"text": "x"}) == flow
    with pytest.raises(WorkflowError, match="the workflow input 'text' names b.text, which is not there"):
        engine.resolve(flow)


def test_arguments_for_a_subgraph_are_read_by_the_type_inside(registry: Registry) -> None:
    inner = {"inputs": {"t": {"to": ["w.text"]}, "n": {"to": ["l.steps"]}}, "nodes": {}}
    inner["nodes"] = {"w": {"type": "plain.word"}, "l": {"type": "plain.limited"}}
    outer = {
        "inputs": {"t": {"to": ["i.t"]}, "n": {"to": ["i.n"]}},
        "nodes": {"i": {"type": "subgraph:inner"}},
    }
    flow = workflow(
        {"s": ["subgraph:outer", {}]},
        inputs={"t": {"to": ["s.t"]}},
        subgraphs={"inner": inner, "outer": outer},
    )
    assert read_argument(flow, registry, "t", "42") == read_argument(flow, registry, "s.t", "42") == "42"
    assert read_argument(flow, registry, "s.n", "42") == 42
