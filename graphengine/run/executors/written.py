"""Calls and results in a form that can travel to another process; how values travel is each executor's own affair."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphengine.node.context import Attempt
from graphengine.node.registry import Registry
from graphengine.run.context import TaskContext
from graphengine.run.executors.base import Call, FlowCall, Taken
from graphengine.run.handle import Handle, Handles, listed
from graphengine.types.assign import Conversion
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encode_value


class WrittenValue(NamedTuple):
    """A linked value, or of a list that the engine put together, its items."""

    type: TypeRef
    value: "Any | list[WrittenValue]"


Linked = Mapping[str, WrittenValue]
Conversions = Mapping[str, tuple[str, str]]
"""Conversions by input, named by their ends: functions do not travel."""


class WrittenFlow(NamedTuple):
    """See :class:`graphengine.run.executors.base.FlowCall`."""

    type: str
    node: str
    constants: Mapping[str, Any]
    linked: Linked
    conversions: Conversions
    taken: Mapping[str, Taken]
    each: tuple[str, ...]


class WrittenCall(NamedTuple):
    """A call to make: ``type`` is the id of the node's type, ``node`` its name in the workflow."""

    type: str
    node: str
    fingerprint: str
    constants: Mapping[str, Any]
    linked: Linked
    conversions: Conversions
    taken: Mapping[str, Taken]
    flows: tuple[WrittenFlow, ...]
    collects: bool
    attempt: Attempt


class WrittenResult(NamedTuple):
    """The value of an output, or the items of a list that was collected."""

    type: TypeRef
    nbytes: int
    value: "Any | list[WrittenResult]"


def write_call(call: Call, pack: Callable[[Handle], Any]) -> WrittenCall:
    """Return the written form of a call.

    Args:
        pack: makes of a handle what travels.
    """
    flows = tuple(
        WrittenFlow(
            type=flow.spec.id,
            node=flow.name,
            constants=flow.constants,
            linked=_write(flow.linked, pack),
            conversions=_named(flow.conversions),
            taken=flow.taken,
            each=flow.each,
        )
        for flow in call.flows
    )
    return WrittenCall(
        type=call.spec.id,
        node=call.context.node,
        fingerprint=call.context.fingerprint,
        constants=call.constants,
        linked=_write(call.linked, pack),
        conversions=_named(call.conversions),
        taken=call.taken,
        flows=flows,
        collects=call.collects,
        attempt=call.attempt,
    )


def _write(handles: Handles, pack: Callable[[Handle], Any]) -> Linked:
    return {name: _write_value(handle, pack) for name, handle in handles.items()}


def _write_value(handle: Handle, pack: Callable[[Handle], Any]) -> WrittenValue:
    if handle.items is None:
        return WrittenValue(handle.type, pack(handle))
    return WrittenValue(handle.type, [_write_value(item, pack) for item in handle.items])


def _named(conversions: Mapping[str, Conversion]) -> Conversions:
    return {name: (each.source, each.target) for name, each in conversions.items()}


class Reader:
    """Reads calls where they are made.

    Args:
        unpack: makes of what travelled an encoded value.
    """

    def __init__(self, registry: Registry, unpack: Callable[[Any], Encoded]) -> None:
        self._registry = registry
        self._unpack = unpack

    def call(self, written: WrittenCall, context: TaskContext) -> Call:
        """Return the call.

        Raises:
            Exception: whatever a codec raises over bytes, or a pack that is another here.
        """
        flows = tuple(
            FlowCall(
                name=flow.node,
                spec=self._registry.nodes[flow.type],
                constants=flow.constants,
                linked=self._handles(flow.linked),
                conversions=self._conversions(flow.conversions),
                taken=flow.taken,
                each=flow.each,
            )
            for flow in written.flows
        )
        return Call(
            spec=self._registry.nodes[written.type],
            constants=written.constants,
            linked=self._handles(written.linked),
            conversions=self._conversions(written.conversions),
            context=context,
            taken=written.taken,
            flows=flows,
            collects=written.collects,
            attempt=written.attempt,
        )

    def _handles(self, linked: Linked) -> Handles:
        return {name: Handle(self._value(each), each.type, 0) for name, each in linked.items()}

    def _value(self, written: WrittenValue) -> Any:
        if isinstance(written.value, list):
            return [self._value(item) for item in written.value]
        return decode_value(self._registry.types, written.type, self._unpack(written.value))

    def _conversions(self, named: Conversions) -> Mapping[str, Conversion]:
        return {name: self._conversion(*ends) for name, ends in named.items()}

    def _conversion(self, source: str, target: str) -> Conversion:
        found = self._registry.assignability.find(TypeRef.parse(source), TypeRef.parse(target))
        if found is None:
            raise LookupError(f"no pack converts {source} to {target}")
        return found


def write_result(handle: Handle, registry: Registry, pack: Callable[[Encoded], Any]) -> WrittenResult:
    """Return the written form of a value of this process.

    Args:
        pack: makes of an encoded value what travels.
    """
    if handle.items is None:
        encoded = encode_value(registry.types, handle.type, handle.ref)
        return WrittenResult(handle.type, handle.nbytes, pack(encoded))
    items = [write_result(item, registry, pack) for item in handle.items]
    return WrittenResult(handle.type, handle.nbytes, items)


def read_result(written: WrittenResult, own: Callable[[Any], Any]) -> Handle:
    """Return a handle to a result.

    Args:
        own: makes of what travelled what a handle refers to.
    """
    if isinstance(written.value, list):
        return listed(written.type, [read_result(item, own) for item in written.value])
    return Handle(own(written.value), written.type, written.nbytes)
