import pytest
from documents import link, workflow

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
