"""The statements of one part: its inputs, its nodes, its outputs, and how it looks."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, JsonValue

from graphengine.builder.export.calls import Calls
from graphengine.builder.export.shape import Shape
from graphengine.builder.export.source import (
    LINE,
    STEP,
    Group,
    Pair,
    Source,
    Text,
    call,
    calls_in,
    flat,
    laid_out,
    literal,
    width,
)
from graphengine.builder.export.variables import Variables
from graphengine.builder.names import Names, base_of
from graphengine.workflow.document import Node, Socket, WorkflowInput, WorkflowOutput


class Part:
    """Writes the ``with`` block of one part.

    Args:
        shape: of the part.
        variables: of the part.
        functions: what each node function is called, by node id.
        indent: the columns before the block.

    Attributes:
        calls: what was called in it, such as ``Seed(``; known once it is written.
    """

    def __init__(self, shape: Shape, variables: Variables, functions: Mapping[str, str], indent: int) -> None:
        self._shape = shape
        self._part = shape.part
        self._variables = variables
        self._scope = variables.scope
        self._calls = Calls(shape, variables, functions)
        self._outer = indent
        self._indent = indent + STEP
        self._names = Names()
        self.calls: set[str] = set()

    def block(self, function: str, *arguments: Source, first: Iterable[str] = ()) -> str:
        """Return the block, with a blank line between kinds of statements.

        Args:
            function: what makes the object that the block is of.
            arguments: what it takes beside title, description and own fields.
            first: the blocks within this one that go first.
        """
        told = {"title=": self._part.title, "description=": self._part.description}
        pairs = (Pair(key, Text(text)) for key, text in told.items() if text)
        begun = call(function, *arguments, *pairs, *_own(self._part))
        scope = f" as {self._scope}:"
        head = f"with {laid_out(begun, self._outer, self._outer + len('with '), len(scope))}{scope}"
        kinds = (self._inputs(), self._nodes(), self._outputs(), self._looks())
        blocks = [*first, *("".join(f"{' ' * self._indent}{line}\n" for line in lines) for lines in kinds)]
        body = "\n".join(block for block in blocks if block) or f"{' ' * self._indent}pass\n"
        return f"{' ' * self._outer}{head}\n{body}"

    def _line(self, prefix: str, source: Source) -> str:
        self.calls.update(calls_in(source))
        return f"{prefix}{laid_out(source, self._indent, self._indent + width(prefix))}"

    def _inputs(self) -> Iterator[str]:
        for name, entry in self._part.inputs.items():
            arguments: list[Source] = [Text(name)]
            variable = self._variables.inputs.get(name)
            if variable is None:
                arguments.append(Pair("to=", literal(list(entry.to))))
            else:
                default = self._shape.entries.defaults[name]
                arguments += [] if default is None else [default.source]
            prefix = "" if variable is None else f"{variable} = "
            yield self._line(prefix, call(f"{self._scope}.input", *arguments, *_told(entry)))

    def _nodes(self) -> Iterator[str]:
        for name in self._shape.order:
            node = self._part.nodes[name]
            yield from self._node(name, node)
            handle = self._handle(name)
            if node.title is not None:
                yield self._line(f"{handle}.title = ", Text(node.title))
            if node.mode != "run":
                yield self._line(f"{handle}.mode = ", Text(node.mode))
            if node.map is not None:
                yield self._line(f"{handle}.map = ", Text(node.map))
            if node.loop is not None:
                loop = node.loop.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                yield self._line(f"{handle}.loop = ", literal(loop))
            if node.model_extra:
                yield self._line(f"{handle}.own = ", literal(dict(node.model_extra)))

    def _node(self, name: str, node: Node) -> Iterator[str]:
        """Yield the call that makes a node, and what gives the node its name if its function does not."""
        made = self._calls.call(name)
        variable = self._variables.nodes.get(name)
        spec = self._shape.specs.get(name)
        automatic = self._names.free(base_of(node.type if spec is None else spec.function.__name__))
        self._names.take(automatic)
        self._names.change(automatic, name)
        assigned = "" if variable is None else f"{variable} = "
        named = "" if name == automatic else f"{self._handle(name)} = "
        if spec is not None and not spec.outputs and named:  # to a type checker, such a call has no value
            yield self._line("", made)
            yield self._line(f"{self._handle(automatic)}.name = ", Text(name))
        elif self._indent + width(f"{assigned}{named}{made.opening}") <= LINE:
            yield self._line(f"{assigned}{named}", made)
        else:
            variable = variable or "made"
            yield self._line(f"{variable} = ", made)
            inner, outer = " " * (self._indent + STEP), " " * self._indent
            fits = self._indent + width(f"{named}{variable}") <= LINE
            yield named + (variable if fits else f"(\n{inner}{variable}\n{outer})")

    def _handle(self, name: str) -> str:
        return f"{self._scope}[{flat(Text(name))}]"

    def _outputs(self) -> Iterator[str]:
        for name, output in self._part.outputs.items():
            result = self._calls.result(None, Socket.parse(output.from_))
            yield self._line("", call(f"{self._scope}.output", Text(name), result, *_told(output)))

    def _looks(self) -> Iterator[str]:
        if self._shape.order != list(self._part.nodes):
            yield self._line("", call(f"{self._scope}.order", *(Text(name) for name in self._part.nodes)))
        view = self._part.view
        kept: dict[str, list[dict[str, JsonValue]]] = {"frames": view.frames, "notes": view.notes}
        lists = [Pair(f"{key}=", literal(list(value))) for key, value in kept.items() if value]
        if view.nodes or lists or view.model_extra:
            nodes = Group("{", tuple(Pair(Text(name), _place(each)) for name, each in view.nodes.items()), "}")
            yield self._line("", call(f"{self._scope}.arrange", nodes, *lists, *_own(view)))


def _told(entry: WorkflowInput | WorkflowOutput) -> Iterator[Source]:
    for key, text in (("title", entry.title), ("description", entry.description)):
        if text is not None:
            yield Pair(f"{key}=", Text(text))
    yield from _own(entry)


def _own(part: BaseModel) -> Iterator[Source]:
    if part.model_extra:
        yield Pair("own=", literal(dict(part.model_extra)))


def _place(place: dict[str, JsonValue]) -> Source:
    x, y = place.get("x"), place.get("y")
    if list(place) == ["x", "y"] and {type(x), type(y)} <= {int, float}:
        return Group("(", (literal(x), literal(y)), ")")
    return literal(place)
