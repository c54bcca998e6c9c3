"""The shape of the code of one part: the workflow's own nodes, or those of a subgraph."""

from collections.abc import Collection, Iterator

from graphengine.builder.export.entries import entries_of
from graphengine.builder.export.functions import Functions
from graphengine.builder.export.order import written_order
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Socket, Subgraph, Workflow, source_of
from graphengine.workflow.interface import Interfaces
from graphengine.workflow.subgraph import PREFIX


class Shape:
    """What is decided before a part is written.

    Attributes:
        order: the names of its nodes, as they are written.
        entries: the named inputs that are handed to nodes.
        specs: the nodes that are calls of a node function.
        stands: the nodes that are calls of a subgraph, and its name.
        used: the nodes whose results are taken, and need a variable.
    """

    def __init__(
        self,
        part: Workflow | Subgraph,
        workflow: Workflow,
        registry: Registry,
        functions: Functions,
        known: Collection[str],
    ) -> None:
        """Decide.

        Args:
            part: the workflow, or one of its subgraphs.
            workflow: the whole of it.
            registry: the nodes that there are.
            functions: those that can be called.
            known: the subgraphs that are written before.
        """
        self.part = part
        self.order = written_order(part.nodes)
        self.entries = entries_of(part, self.order, registry)
        self._place = {name: index for index, name in enumerate(self.order)}
        self._interfaces = Interfaces(workflow, registry)
        self.specs: dict[str, NodeSpec] = {}
        self.stands: dict[str, str] = {}
        for name, node in part.nodes.items():
            handed = self.entries.beside.get(name, ())
            spec = functions.of(node, handed)
            subgraph = node.type.removeprefix(PREFIX)
            if spec is not None:
                self.specs[name] = spec
            elif node.type.startswith(PREFIX) and subgraph in known:
                inputs = workflow.subgraphs[subgraph].inputs
                self.stands |= {name: subgraph} if {*node.inputs, *handed} <= inputs.keys() else {}
        self._subgraphs = workflow.subgraphs
        self.used = {each.node for each in self._taken()}

    def source(self, taker: str | None, address: Socket) -> Socket | None:
        """Return an output as the code can name it by a variable, or None if only its address can.

        Args:
            taker: the node that takes from it; None is an output of the part.
            address: where the value comes from.
        """
        place = self._place.get(address.node)
        if place is None or (taker is not None and place >= self._place[taker]):
            return None
        known = self._known(address.node)
        return address if known is None or address.name in known else None

    def static(self, source: Socket) -> TypeRef | None:
        """Return the type of an output to a type checker; None is any."""
        spec = self.specs.get(source.node)
        return spec.output[source.name].type if spec is not None else None

    def actual(self, source: Socket) -> TypeRef | None:
        """Return the type of an output, if it is known at all."""
        sockets = self._interfaces.of(self.part.nodes[source.node])
        found = (each.type for each in sockets.outputs if each.name == source.name) if sockets is not None else ()
        return next(iter(found), None)

    def _known(self, name: str) -> Collection[str] | None:
        """Return the outputs of a node that the code knows, or None if it believes any."""
        if name in self.specs:
            return self.specs[name].output
        return self._subgraphs[self.stands[name]].outputs if name in self.stands else None

    def _taken(self) -> Iterator[Socket]:
        for name, node in self.part.nodes.items():
            for value in node.inputs.values():
                source = source_of(value)
                if source is not None and self.source(name, source) is not None:
                    yield source
        for output in self.part.outputs.values():
            source = Socket.parse(output.from_)
            if self.source(None, source) is not None:
                yield source
