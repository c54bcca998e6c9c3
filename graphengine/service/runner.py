"""What the service needs of an engine, and the way from a stored document to a plan."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from graphengine.files.digest import sha256
from graphengine.plan.plan import Plan
from graphengine.run.runner import Observer, Run
from graphengine.service.canonical import canonical
from graphengine.service.job import JsonObject
from graphengine.workflow.advice import advice_on
from graphengine.workflow.document import Workflow
from graphengine.workflow.files import Notice, notices_of
from graphengine.workflow.graph import Graph
from graphengine.workflow.parameters import with_parameters
from graphengine.workflow.parse import workflow_from


class Runner(Protocol):
    """Proves, plans and runs workflows: the engine, as the service sees it."""

    def may_read(self, document: JsonObject) -> bool:
        """Return whether a file may have to be read to prove a document."""
        ...

    def resolve(self, workflow: Workflow) -> Graph:
        """Return the graph of a document; from any thread.

        Raises:
            WorkflowError: with every problem of the document.
        """
        ...

    def plan(self, graph: Graph, targets: Collection[str] | None = None) -> Plan:
        """Return the plan for targets of a graph; from any thread.

        Raises:
            WorkflowError: a target is not in the graph.
        """
        ...

    def check(self, graph: Graph, targets: Collection[str] | None = None) -> Plan | None:
        """See whether a graph can be planned, and return the plan if it had to be made; from any thread.

        Raises:
            WorkflowError: a target is not in the graph, or models that it uses have no room.
        """
        ...

    def start(
        self,
        workflow: Workflow,
        plan: Plan,
        output_folder: Path,
        observe: Observer,
        *,
        keep_going: bool = False,
        previews: bool = False,
        origin: str = "",
    ) -> Run:
        """Return a run of a plan, which begins when its result is awaited."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A workflow with its inputs, proven and planned.

    Attributes:
        origin: what the history remembers the workflow under.
        notices: what the user should know of its models.
    """

    workflow: Workflow
    plan: Plan
    origin: str
    notices: tuple[Notice, ...] = ()

    @property
    def weights(self) -> str:
        """A name for the models that it loads, or empty: jobs that load the same have the same."""
        return _weights_of(self.plan)


def make_ready(
    runner: Runner, document: JsonObject, inputs: JsonObject, targets: Collection[str] | None = None
) -> Ready:
    """Return a document with values set at its inputs, proven and planned. It reads files: call it in a thread.

    Raises:
        WorkflowError: with every problem of the document, or of its inputs.
    """
    workflow, graph = _resolved(runner, document, inputs)
    return Ready(
        workflow, runner.plan(graph, targets), origin_of(workflow), (*notices_of(workflow, graph), *advice_on(graph))
    )


def prove(runner: Runner, document: JsonObject, inputs: JsonObject, targets: Collection[str] | None = None) -> str:
    """Prove a document with values set at its inputs, and return the name of the models that it loads.

    It finds what :func:`make_ready` finds, and is quicker. It reads files: call it in a thread.

    Raises:
        WorkflowError: with every problem of the document, or of its inputs.
    """
    _, graph = _resolved(runner, document, inputs)
    plan = runner.check(graph, targets)
    return "" if plan is None else _weights_of(plan)


def origin_of(workflow: Workflow) -> str:
    """Return what a workflow keeps while its values are edited: its title, or without one the types of its nodes."""
    if workflow.title:
        return f"title:{workflow.title}"
    return f"nodes:{sha256(canonical({name: node.type for name, node in workflow.nodes.items()}).encode())}"


def _resolved(runner: Runner, document: JsonObject, inputs: JsonObject) -> tuple[Workflow, Graph]:
    workflow = with_parameters(workflow_from(dict(document)), inputs)
    return workflow, runner.resolve(workflow)


def _weights_of(plan: Plan) -> str:
    found = {each for task in plan.calls.values() for each in task.weights}
    return sha256("\n".join(sorted(found)).encode()) if found else ""
