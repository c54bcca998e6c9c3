"""Graph to Plan: keep what the targets need, name every result, and rank the tasks."""

from collections.abc import Collection, Iterable, Mapping

from graphengine.errors import Problem, WorkflowError
from graphengine.plan.plan import Plan
from graphengine.plan.steps import Draft, Scope
from graphengine.plan.weights import links_of_weights
from graphengine.workflow.bulk import built_in_bulk
from graphengine.workflow.graph import Graph, GraphNode, has_sink
from graphengine.workflow.suggest import did_you_mean


def make_plan(
    graph: Graph,
    targets: Collection[str] | None = None,
    environments: Mapping[str, str] | None = None,
    weights: Collection[str] = (),
    *,
    coalesce: bool = False,
) -> Plan:
    """Return the plan that computes ``targets``.

    Without targets it computes the workflow's outputs and every sink, and where there are neither, every node
    that nothing else takes from. A named output is part of the plan when its node is needed anyway.

    Args:
        environments: what results depend on beside inputs, by node id.
        weights: the names of the socket types whose values stand for weights.
        coalesce: whether tasks may be made together with others.

    Raises:
        WorkflowError: a target is not a node of the graph.
    """
    wanted = targets_of(graph, targets)
    led_out = {socket.node for socket in graph.outputs.values()}
    shown: list[tuple[str, str | None]] = [*graph.outputs.values()]
    shown += [(name, None) for name in wanted if targets is not None or name not in led_out]
    with built_in_bulk(len(graph.nodes)):
        scope = Scope(graph.nodes, environments or {}, shown=shown, weights=weights, coalesce=coalesce)
        drafts = closure({draft.name: draft for draft in scope.drafts()}, wanted)
        consumers = consumers_of(drafts)
        ranks = _ranks(consumers)
        tasks = {each.name: scope.step(each, tuple(consumers[each.name]), ranks[each.name]) for each in drafts}
    outputs = {name: socket for name, socket in graph.outputs.items() if socket.node in tasks}
    types = {name: graph.types[socket.node][socket.name].whole for name, socket in outputs.items()}
    return Plan(tasks, wanted, outputs, types)


def targets_of(graph: Graph, targets: Collection[str] | None = None) -> tuple[str, ...]:
    """Return what a plan computes, each once: ``targets``, or what is computed where nobody says: :func:`make_plan`.

    Raises:
        WorkflowError: a target is not a node of the graph.
    """
    if targets is None:
        return _default_targets(graph)
    wanted = tuple(dict.fromkeys(targets))
    problems = [
        Problem("unknown_node", f"the target {name!r} is not in the workflow", hint=did_you_mean(name, graph.nodes))
        for name in wanted
        if name not in graph.nodes
    ]
    if problems:
        raise WorkflowError(problems)
    return wanted


def takes_weights(graph: Graph, weights: Collection[str]) -> bool:
    """Return whether any node takes a value that stands for weights, loops left aside.

    Args:
        weights: the names of the socket types whose values do.
    """
    return any(isinstance(node, GraphNode) and links_of_weights(node, weights) for node in graph.nodes.values())


def consumers_of(drafts: Iterable[Draft]) -> dict[str, list[str]]:
    """Return who takes from each draft, among them."""
    listed = list(drafts)
    consumers: dict[str, list[str]] = {draft.name: [] for draft in listed}
    for draft in listed:
        for source in draft.needs:
            if source in consumers:
                consumers[source].append(draft.name)
    return consumers


def _default_targets(graph: Graph) -> tuple[str, ...]:
    asked = [socket.node for socket in graph.outputs.values()]
    asked += [name for name, node in graph.nodes.items() if has_sink(node)]
    if not asked:
        taken = {source for found in graph.sources.values() for source in found}
        asked = [name for name in graph.nodes if name not in taken]
    return tuple(dict.fromkeys(asked))


def closure(drafts: Mapping[str, Draft], targets: Collection[str]) -> list[Draft]:
    """Return the drafts that the targets need, in their order."""
    found: set[str] = set()
    stack = list(targets)
    while stack:
        name = stack.pop()
        if name not in found and name in drafts:
            found.add(name)
            stack.extend(drafts[name].needs)
    return [draft for name, draft in drafts.items() if name in found]


def _ranks(consumers: dict[str, list[str]]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for name in reversed(consumers):
        ranks[name] = 1 + max((ranks[each] for each in consumers[name]), default=0)
    return ranks
