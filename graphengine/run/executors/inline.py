"""The executor without machinery: calls happen at once, in the caller's thread."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.binding import Services, value_of
from graphengine.run.executors.metering import Meter
from graphengine.run.executors.together import invoke_all
from graphengine.run.handle import Handle, Handles
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encode_value, value_nbytes


class InlineExecutor:
    """For tests and debuggers: nothing runs beside anything else, and the event loop waits."""

    breath = 0

    def __init__(self, registry: Registry, services: Services) -> None:
        self._registry = registry
        self._services = services
        self._meter = Meter(services)

    def submit(self, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Make the calls now."""
        done(invoke_all(calls, self._registry, self._services, self._meter))

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Do nothing: while a call runs, nobody is there to say so."""

    def value(self, handles: Handles) -> Mapping[str, Any]:
        """Return the values, which the handles are."""
        return {name: value_of(handle) for name, handle in handles.items()}

    def split(self, handle: Handle) -> tuple[Handle, ...]:
        """Return a handle to each item."""
        item = handle.type.item
        if handle.items is not None or item is None:
            return handle.items or ()
        types = self._registry.types
        return tuple(Handle(value, item, value_nbytes(types, item, value)) for value in handle.ref)

    def encode(self, handle: Handle) -> Encoded:
        """Take the value apart with its type's codec."""
        return encode_value(self._registry.types, handle.type, value_of(handle))

    def adopt(self, type_: TypeRef, encoded: Encoded) -> Handle:
        """Put the value together with its type's codec."""
        value = decode_value(self._registry.types, type_, encoded)
        return Handle(value, type_, value_nbytes(self._registry.types, type_, value))

    def release(self, handles: Handles) -> None:
        """Do nothing: a value goes when its last handle goes."""

    def close(self) -> None:
        """Do nothing: nothing is held."""
