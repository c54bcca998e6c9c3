"""Values from outside into a document: a workflow is a function, and these are its arguments."""

from collections.abc import Mapping

from pydantic import JsonValue

from graphengine.errors import WorkflowError
from graphengine.node.registry import Registry
from graphengine.types.builtin import CHOICE, FILE, STRING
from graphengine.workflow.document import Socket, Workflow
from graphengine.workflow.findings import Findings
from graphengine.workflow.interface import Interfaces
from graphengine.workflow.parse import parse_json
from graphengine.workflow.suggest import did_you_mean


def with_parameters(workflow: Workflow, values: Mapping[str, JsonValue]) -> Workflow:
    """Return the document with values set at its named inputs, or at ``node.input`` addresses.

    Raises:
        WorkflowError: a name is neither; all such names are listed.
    """
    nodes = dict(workflow.nodes)
    findings = Findings()
    for name, value in values.items():
        places = places_of(workflow, name)
        if not places and name not in workflow.inputs:  # an input that leads nowhere is the resolver's to report
            _report_unknown(workflow, name, findings)
        for place in places:
            node = nodes[place.node]
            nodes[place.node] = node.model_copy(update={"inputs": {**node.inputs, place.name: value}})
    problems = findings.problems()
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
    socket = Interfaces(workflow, registry).input(workflow.nodes, places[0]) if places else None
    if socket is not None and socket.type in (STRING.ref, CHOICE.ref, FILE.ref):
        return text
    try:
        value: JsonValue = parse_json(text)
    except WorkflowError:
        return text
    return value


def _report_unknown(workflow: Workflow, name: str, findings: Findings) -> None:
    node, dot, _ = name.partition(".")
    message = f"there is no node {node!r}" if dot else f"the workflow has no input {name!r}"

    def hint() -> str:
        meant = did_you_mean(node, workflow.nodes) if dot else ""
        return meant or did_you_mean(name, workflow.inputs) or "Name a workflow input or node.input."

    findings.add("unknown_workflow_input", message, hint=hint)
