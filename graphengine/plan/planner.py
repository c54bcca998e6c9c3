"""Graph to Plan: keep what the targets need, name every result, and rank the tasks."""

from collections.abc import Collection, Mapping

from graphengine.errors import Problem, WorkflowError
from graphengine.plan.fingerprint import batch_key, fingerprints
from graphengine.plan.plan import Plan, Task
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.graph import Graph, GraphNode
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
    wanted = _default_targets(graph) if targets is None else tuple(dict.fromkeys(targets))
    problems = [
        Problem(
            "unknown_node",
            f"the target {name!r} is not in the workflow",
            hint=did_you_mean(name, graph.nodes),
        )
        for name in wanted
        if name not in graph.nodes
    ]
    if problems:
        raise WorkflowError(problems)
    needs = _closure(graph, wanted)
    consumers = _reversed(needs)
    ranks = _ranks(consumers)
    names = fingerprints(graph, environments)
    tasks = {
        name: Task(
            name=name,
            spec=graph.nodes[name].spec,
            fingerprint=names[name],
            constants=graph.nodes[name].constants,
            links=graph.nodes[name].links,
            needs=needs[name],
            awaits=_awaits(graph.nodes[name]),
            consumers=tuple(consumers[name]),
            rank=ranks[name],
            weights=_weights(graph.nodes[name], names, weights),
            batch_key=_batch_key(graph.nodes[name], names, environments) if coalesce else None,
        )
        for name in needs
    }
    outputs = {name: socket for name, socket in graph.outputs.items() if socket.node in tasks}
    return Plan(tasks, wanted, outputs)


def _default_targets(graph: Graph) -> tuple[str, ...]:
    asked = [socket.node for socket in graph.outputs.values()]
    asked += [name for name, node in graph.nodes.items() if node.spec.sink]
    if not asked:
        asked = [name for name in graph.nodes if graph.dag.out_degree(name) == 0]
    return tuple(dict.fromkeys(asked))


def _closure(graph: Graph, targets: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return what each needed node needs, in the graph's order."""
    found: set[str] = set()
    stack = list(targets)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(link.source.node for link in graph.nodes[name].links.values())
    return {
        name: tuple(dict.fromkeys(link.source.node for link in node.links.values()))
        for name, node in graph.nodes.items()
        if name in found
    }


def _awaits(node: GraphNode) -> tuple[str, ...]:
    links = ((node.spec.input[name], link) for name, link in node.links.items())
    return tuple(dict.fromkeys(link.source.node for socket, link in links if not socket.lazy))


def _weights(node: GraphNode, names: Mapping[str, str], types: Collection[str]) -> frozenset[str]:
    sources = (link.source for name, link in node.links.items() if _item(node.spec.input[name].type).name in types)
    return frozenset(f"{names[source.node]}.{source.name}" for source in sources)


def _batch_key(node: GraphNode, names: Mapping[str, str], environments: Mapping[str, str] | None) -> str | None:
    return batch_key(node, (environments or {}).get(node.spec.id, ""), names)


def _item(ref: TypeRef) -> TypeRef:
    return ref if ref.item is None else _item(ref.item)


def _reversed(needs: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    consumers: dict[str, list[str]] = {name: [] for name in needs}
    for name, sources in needs.items():
        for source in sources:
            consumers[source].append(name)
    return consumers


def _ranks(consumers: dict[str, list[str]]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for name in reversed(consumers):
        ranks[name] = 1 + max((ranks[each] for each in consumers[name]), default=0)
    return ranks
