"""Values from outside into a document: a workflow is a function, and these are its arguments."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from graphengine.errors import Problem, WorkflowError
from graphengine.node.registry import Registry
from graphengine.node.spec import Input
from graphengine.types.builtin import CHOICE, FILE, STRING
from graphengine.workflow.document import Socket, Workflow
from graphengine.workflow.parse import parse_json
from graphengine.workflow.suggest import did_you_mean


def with_parameters(workflow: Workflow, values: Mapping[str, JsonValue]) -> Workflow:
    """Return the document with values set at its named inputs, or at ``node.input`` addresses.

    Raises:
        WorkflowError: a name is neither; all such names are listed.
    """
    nodes = dict(workflow.nodes)
    problems = []
    for name, value in values.items():
        places = places_of(workflow, name)
        if not places:
            problems.append(_unknown(workflow, name))
        for place in places:
            node = nodes[place.node]
            nodes[place.node] = node.model_copy(update={"inputs": {**node.inputs, place.name: value}})
    if problems:
        raise WorkflowError(problems)
    return workflow.model_copy(update={"nodes": nodes})


def places_of(workflow: Workflow, name: str) -> list[Socket]:
    """Return the sockets that a parameter name sets: of a named input, or of one ``node.input`` address."""
    entry = workflow.inputs.get(name)
    places = [Socket.parse(each) for each in entry.to] if entry is not None else [Socket.parse(name)]
    return [place for place in places if place.node in workflow.nodes]


def read_argument(workflow: Workflow, registry: Registry, name: str, text: str) -> JsonValue:
    """Return the value that a command-line argument means, by the type of the socket it goes to.

    Text for a String, Choice or File is taken as it is; anything else is read as JSON, and what is not JSON
    stays text, for the resolver to refuse with its reason.
    """
    places = places_of(workflow, name)
    socket = _socket(workflow, registry, places[0]) if places else None
    if socket is not None and socket.type in (STRING.ref, CHOICE.ref, FILE.ref):
        return text
    try:
        value: JsonValue = parse_json(text)
    except WorkflowError:
        return text
    return value


def _socket(workflow: Workflow, registry: Registry, place: Socket) -> Input | None:
    spec = registry.nodes.get(workflow.nodes[place.node].type)
    return spec.input.get(place.name) if spec is not None else None


def _unknown(workflow: Workflow, name: str) -> Problem:
    known: Iterable[str] = workflow.inputs
    return Problem(
        "unknown_workflow_input",
        f"the workflow has no input {name!r}",
        hint=did_you_mean(name, known) or "Name a workflow input or node.input.",
    )
