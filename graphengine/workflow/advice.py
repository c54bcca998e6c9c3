"""What a user should know of values that do not suit the models with which they are used."""

from collections.abc import Iterator, Mapping

from graphengine.files.roots import File
from graphengine.models.listing import facts_of
from graphengine.node.spec import Input
from graphengine.workflow.files import Notice, is_model
from graphengine.workflow.graph import ForEach, Graph, GraphLoop, GraphNode

Nodes = Mapping[str, GraphNode | GraphLoop]


def advice_on(graph: Graph) -> list[Notice]:
    """Return which values do not suit their models, as far as headers tell what these are. It reads files."""
    found = (
        _advice(nodes, node, socket)
        for nodes in _scopes(graph.nodes)
        for node in nodes.values()
        if isinstance(node, GraphNode)
        for socket in node.spec.inputs
        if socket.suits is not None
    )
    return [each for each in found if each is not None]


def _scopes(nodes: Nodes) -> Iterator[Nodes]:
    """Yield the nodes of a graph, and those of each loop in it."""
    waiting = [nodes]
    while waiting:
        scope = waiting.pop()
        yield scope
        for each in scope.values():
            if isinstance(each, GraphLoop):
                repeat = each.repeat
                waiting.append(repeat.body.nodes if isinstance(repeat, ForEach) else repeat.following.nodes)


def _advice(nodes: Nodes, node: GraphNode, socket: Input) -> Notice | None:
    suits, value = socket.suits, node.constants.get(socket.name)
    if suits is None or value is None or value in suits.values.values():
        return None
    file = _model_of(nodes, node, suits.by)
    if file is None:
        return None
    nature = facts_of(file.path).nature
    wanted = suits.values.get(f"{nature.family}/{nature.variant}")
    if wanted is None:
        return None
    message = f"{nature.title} wants {wanted:g} here, and {value:g} is given"
    values = (("model", nature.title), ("wanted", f"{wanted:g}"), ("given", f"{value:g}"))
    return Notice("value_unsuited", message, node.name, socket.name, values)


def _model_of(nodes: Nodes, node: GraphNode, socket: str) -> File | None:
    """Return the file that a model comes from, through all nodes that change it; None where that is not known."""
    kind = node.spec.input[socket].type
    while socket in node.links:
        source = nodes.get(node.links[socket].source.node)
        if not isinstance(source, GraphNode):
            return None
        for name, value in source.constants.items():
            if isinstance(value, File) and _brings_models(source.spec.input[name], value):
                return value
        following = next((each.name for each in source.spec.inputs if each.type == kind), None)
        if following is None:
            return None
        node, socket = source, following
    return None


def _brings_models(socket: Input, file: File) -> bool:
    """Whether it is a model of its own that a file holds, and nothing that changes one."""
    return is_model(socket, file.reference) and ("model" in socket.roles or "denoiser" in socket.roles)
