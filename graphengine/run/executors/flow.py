"""Sequences: nodes that give their items one after another, within the call of whoever takes them.

A chain from a generator through nodes for single items to a node that takes a sequence is one call. It holds one item
at a time, however many there are; who takes from it pulls, and what nobody pulls is not computed. Items that several
take are kept until the slowest has had them.
"""

import operator
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from graphengine.errors import Failure
from graphengine.files.roots import File
from graphengine.node.context import Context, Preview, RunInfo
from graphengine.node.registry import Registry
from graphengine.run.context import TaskContext
from graphengine.run.executors.base import Call, FlowCall, Taken
from graphengine.run.executors.binding import (
    Refused,
    Services,
    call_function,
    checked,
    injected,
    items_for,
    linked_value,
    linked_values,
    result_value,
    result_values,
    value_of,
)

END: Any = object()


@dataclass(frozen=True, slots=True)
class QuietContext:
    """The context of a call within another: it is not shown, for it may be one of a million."""

    outer: TaskContext

    @property
    def run(self) -> RunInfo:
        """The run this call belongs to."""
        return self.outer.run

    @property
    def node(self) -> str:
        """The name of the node in the workflow."""
        return self.outer.node

    def check(self) -> None:
        """Raise Cancelled if the run was cancelled."""
        self.outer.check()

    def progress(self, step: int, total: int, message: str = "") -> None:
        """Raise Cancelled if the run was cancelled."""
        del step, total, message
        self.outer.check()

    def preview(self, make: Callable[[], Preview]) -> None:
        """Show nothing."""

    def span(self, name: str) -> AbstractContextManager[None]:
        """Show nothing."""
        del name
        return nullcontext()

    def origin(self) -> Mapping[str, str]:
        """Return what to write into the next file."""
        return self.outer.origin()

    def save(self, pattern: str, suffix: str, content: bytes | Path, media_type: str) -> File:
        """Write a result file."""
        return self.outer.save(pattern, suffix, content, media_type)


class Flows:
    """The flows of one call. Close them when it ends: generators may hold files open."""

    def __init__(self, call: Call, registry: Registry, services: Services) -> None:
        self._call = call
        self._registry = registry
        self._services = services
        self._stack = ExitStack()
        self._takers = Counter(taken for flow in call.flows for taken in flow.taken.values())
        self._takers.update(call.taken.values())
        if call.collects:
            self._takers.update((call.flows[-1].name, output.name) for output in call.spec.outputs)
        self._open: dict[Taken, list[Iterator[Any]]] = {}
        for flow in call.flows:
            self._start(flow)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def arguments(self) -> dict[str, Any]:
        """Return what the call takes from its flows: a sequence, or where a list is wanted, all items of one."""
        call = self._call
        arguments = {}
        for name, taken in call.taken.items():
            socket, items = call.spec.input[name], self._take(taken)
            if socket.type.flows:
                arguments[name] = items_for(self._registry, socket, call.conversions[name], items)
            else:
                whole = [call.conversions[name].convert(item) for item in items]
                arguments[name] = checked(self._registry, socket, socket.type, whole, socket.parse)
        return arguments

    def collected(self) -> Mapping[str, list[Any]]:
        """Return all items of the last flow, by output."""
        last = self._call.flows[-1]
        columns: dict[str, list[Any]] = {output.name: [] for output in last.spec.outputs}
        iterators = {name: self._take((last.name, name)) for name in columns}
        while (row := {name: next(items, END) for name, items in iterators.items()}) and END not in row.values():
            for name, item in row.items():
                columns[name].append(item)
        return columns

    def _take(self, taken: Taken) -> Iterator[Any]:
        return self._open[taken].pop()

    def _start(self, flow: FlowCall) -> None:
        """Make the iterators of a flow, one for each who takes from it; nothing runs before one is pulled."""
        rows = self._mapped(flow) if flow.each else self._generated(flow)
        outputs = [output.name for output in flow.spec.outputs]
        wanted = [name for name in outputs for _ in range(self._takers[(flow.name, name)])]
        for name, source in zip(wanted, _shared(rows, len(wanted)), strict=True):
            item = map(operator.itemgetter(outputs.index(name)), source)
            self._open.setdefault((flow.name, name), []).append(item)

    def _generated(self, flow: FlowCall) -> Iterator[tuple[Any]]:
        context = self._context(flow)
        arguments = self._fixed(flow, context)
        for name in flow.taken:
            arguments[name] = items_for(
                self._registry, flow.spec.input[name], flow.conversions[name], self._take(flow.taken[name])
            )
        (output,) = flow.spec.outputs
        item_type = output.type.item or output.type
        items = call_function(flow.spec.function, arguments)
        if hasattr(items, "close"):
            self._stack.callback(items.close)
        for item in items:
            context.check()
            yield (result_value(self._registry, flow.spec, output, item_type, item),)

    def _mapped(self, flow: FlowCall) -> Iterator[tuple[Any, ...]]:
        context = self._context(flow)
        single = {name: handle for name, handle in flow.linked.items() if name not in flow.each}
        arguments = self._fixed(replace(flow, linked=single), context)
        columns = {name: self._column(flow, name) for name in flow.each}
        for row in _rows(columns):
            context.check()
            values = {
                name: linked_value(self._registry, flow.spec.input[name], flow.conversions[name], item)
                for name, item in row.items()
            }
            yield result_values(self._registry, flow.spec, call_function(flow.spec.function, {**arguments, **values}))

    def _column(self, flow: FlowCall, name: str) -> Iterator[Any]:
        return self._take(flow.taken[name]) if name in flow.taken else iter(value_of(flow.linked[name]))

    def _fixed(self, flow: FlowCall, context: Context) -> dict[str, Any]:
        return {
            **flow.constants,
            **linked_values(self._registry, flow.spec, flow.linked, flow.conversions),
            **injected(flow.spec, context, self._services, self._call.attempt),
        }

    def _context(self, flow: FlowCall) -> QuietContext:
        return QuietContext(replace(self._call.context, node=flow.name))


def _shared(rows: Iterator[Any], takers: int) -> list[Iterator[Any]]:
    """Return iterators over the same rows; a row is kept until the last of them has had it.

    The standard library's ``tee`` keeps up to 57 rows more: too many where a row is a picture.
    """
    if takers == 1:
        return [rows]
    waiting: list[deque[Any]] = [deque() for _ in range(takers)]

    def taker(mine: deque[Any]) -> Iterator[Any]:
        while True:
            if not mine:
                row = next(rows, END)
                if row is END:
                    return
                for each in waiting:
                    each.append(row)
                del row
            yield mine.popleft()

    return [taker(each) for each in waiting]


def _rows(columns: Mapping[str, Iterator[Any]]) -> Iterator[dict[str, Any]]:
    """Yield one item of each column at a time.

    Raises:
        Refused: one ends before another.
    """
    while True:
        row = {name: next(items, END) for name, items in columns.items()}
        ended = [name for name, item in row.items() if item is END]
        if len(ended) == len(row):
            return
        if ended:
            message = f"the sequences pair up, but {ended[0]!r} ends before the others"
            raise Refused(Failure("unequal_lengths", message))
        yield row
