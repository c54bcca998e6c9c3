"""The calls that make nodes: of a node function, of a subgraph, or by the id of a type."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from graphengine.builder.arguments import CONVERSIONS
from graphengine.builder.export.functions import flows
from graphengine.builder.export.identifiers import is_attribute
from graphengine.builder.export.shape import Shape
from graphengine.builder.export.source import Group, Pair, Source, Text, call, flat, literal
from graphengine.builder.export.variables import Variables
from graphengine.builder.placeholder import Result
from graphengine.node.spec import Input, NodeSpec
from graphengine.types.builtin import FILE, INT, SEED
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Socket, source_of


class Calls:
    """Writes the calls of one part.

    Args:
        shape: of the part.
        variables: of the part.
        functions: what each node function is called, by node id.
    """

    def __init__(self, shape: Shape, variables: Variables, functions: Mapping[str, str]) -> None:
        self._shape = shape
        self._variables = variables
        self._functions = functions

    def call(self, name: str) -> Group:
        """Return the call that makes a node."""
        node = self._shape.part.nodes[name]
        if name in self._shape.specs:
            spec = self._shape.specs[name]
            return call(self._functions[spec.id], *self._typed(name, spec))
        arguments = self._keywords({key: self._any(name, key, value) for key, value in self._given(name)})
        if name in self._shape.stands:
            return call(self._variables.subgraphs[self._shape.stands[name]], *arguments)
        return call(f"{self._variables.scope}.node", Text(node.type), *arguments)

    def result(self, taker: str | None, address: Socket) -> Source:
        """Return an output as a node, or an output of the part if ``taker`` is None, takes it."""
        source = self._shape.source(taker, address)
        if source is None:
            return call("wf.link", Text(str(address)))
        variable = self._variables.nodes[source.node]
        spec = self._shape.specs.get(source.node)
        if spec is not None and not spec.several:
            return variable
        if is_attribute(source.name) and not source.name.startswith("_") and not hasattr(Result, source.name):
            return f"{variable}.{source.name}"
        return f"{variable}[{flat(Text(source.name))}]"

    def _given(self, name: str) -> Iterator[tuple[str, JsonValue]]:
        """Yield the inputs of a node and what is written there; nothing is where only a named input is handed."""
        yield from self._shape.part.nodes[name].inputs.items()
        yield from ((key, None) for key in self._shape.entries.beside.get(name, ()))

    def _any(self, name: str, key: str, value: JsonValue) -> Source:
        """Return what is given for an input of which nothing is known."""
        entry = self._shape.entries.at.get(Socket(name, key))
        if entry is not None:
            return self._variables.inputs[entry]
        source = source_of(value)
        return literal(value) if source is None else self.result(name, source)

    def _typed(self, name: str, spec: NodeSpec) -> Iterator[Source]:
        """Yield the arguments of a call with types: links and values that must be there by place, others by name."""
        by_place = True
        for place, (key, value) in enumerate(self._given(name)):
            socket = spec.inputs[place] if place < len(spec.inputs) else None
            linked = source_of(value) is not None or Socket(name, key) in self._shape.entries.at
            by_place = (
                by_place and socket is not None and socket.name == key and socket.required and (linked or not place)
            )
            argument = self._fitting(name, spec.input[key], value)
            yield argument if by_place else Pair(f"{key}=", argument)

    def _fitting(self, name: str, socket: Input, value: JsonValue) -> Source:
        """Return what is given for an input, such that a type checker takes it."""
        written = self._any(name, socket.name, value)
        entry = self._shape.entries.at.get(Socket(name, socket.name))
        if entry is not None:
            default = self._shape.entries.defaults[entry]
            return written if default is None or flows(default.static, socket) else call("wf.untyped", written)
        address = source_of(value)
        if address is None:
            return _constant(socket, value, written)
        source = self._shape.source(name, address)
        return written if source is None else self._converted(socket, source, written)

    def _converted(self, socket: Input, source: Socket, written: Source) -> Source:
        static, actual = self._shape.static(source), self._shape.actual(source)
        if static == INT.ref and socket.type == SEED.ref and not socket.lazy:
            return call("Seed", written)
        fits = static is not None or actual is None or CONVERSIONS.find(actual, socket.type) is not None
        return written if fits and flows(static, socket) else call("wf.untyped", written)

    def _keywords(self, arguments: Mapping[str, Source]) -> Iterator[Source]:
        """Yield arguments by name; those whose names are no Python in ``**{…}``, where they stand."""
        odd: list[Source] = []
        for key, argument in arguments.items():
            if is_attribute(key):
                if odd:
                    yield Group("**{", tuple(odd), "}")
                    odd = []
                yield Pair(f"{key}=", argument)
            else:
                odd.append(Pair(Text(key), argument))
        if odd:
            yield Group("**{", tuple(odd), "}")


def _constant(socket: Input, value: JsonValue, written: Source) -> Source:
    if value is None:
        return written
    if socket.lazy or (socket.type.item is not None and _holds(socket.type, SEED.ref)):
        return call("wf.untyped", written)
    if socket.type == FILE.ref:
        return call("wf.file", written)
    return call("Seed", written) if socket.type == SEED.ref else written


def _holds(ref: TypeRef, item: TypeRef) -> bool:
    return ref == item if ref.item is None else _holds(ref.item, item)
