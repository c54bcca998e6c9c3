"""What goes into a node function and what comes out of it, checked: the same wherever it is called."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from graphengine.errors import Failure
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import FIRST, Attempt, Context
from graphengine.node.lazy import Lazy
from graphengine.node.registry import Registry
from graphengine.node.spec import Input, NodeSpec, Output
from graphengine.run.handle import Handle, Handles
from graphengine.types.assign import Conversion
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import value_nbytes

Services = Mapping[type, Any]


class Refused(Exception):
    """A value that the call or its result must not have; carries the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def value_of(handle: Handle) -> Any:
    """Return the value of a handle of this process."""
    return handle.ref if handle.items is None else [value_of(item) for item in handle.items]


def call_function(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function, and wait for it if it is async."""
    result = function(**arguments)
    return _await(result) if inspect.iscoroutine(result) else result


def injected(
    spec: NodeSpec,
    context: Context,
    services: Services,
    attempt: Attempt = FIRST,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> dict[str, Any]:
    """Return the keyword-only arguments of a node."""
    own: Services = {Context: context, Attempt: attempt, Checkpoints: checkpoints}
    return {each.name: own[each.python] if each.python in own else services[each.python] for each in spec.injected}


def linked_values(
    registry: Registry, spec: NodeSpec, linked: Handles, conversions: Mapping[str, Conversion]
) -> dict[str, Any]:
    """Return the arguments that come over links, converted and checked.

    Raises:
        Refused: one is not what the node takes.
    """
    return {
        name: linked_value(registry, spec.input[name], conversions[name], value_of(handle))
        for name, handle in linked.items()
    }


def linked_value(registry: Registry, socket: Input, conversion: Conversion, value: Any) -> Any:
    """Return what a linked value is as an argument; a list becomes a sequence where one is wanted.

    Raises:
        Refused: it is not what the node takes.
    """
    if socket.flows:
        return items_for(registry, socket, conversion, iter(value))
    return checked(registry, socket, socket.type, conversion.convert(value), socket.parse)


def items_for(registry: Registry, socket: Input, conversion: Conversion, items: Iterator[Any]) -> Iterator[Any]:
    """Yield the items of a sequence as the input of a node takes them.

    Raises:
        Refused: one is not what the node takes.
    """
    type_ = socket.type.item or socket.type
    for item in items:
        yield checked(registry, socket, type_, conversion.convert(item), socket.parse_item)


def checked(registry: Registry, socket: Input, type_: TypeRef, value: Any, parse: Callable[[Any], Any]) -> Any:
    """Return a linked value in canonical form.

    Raises:
        Refused: it is not of the type.
    """
    if socket.check is not None:
        try:
            return parse(value)
        except ValueError as error:
            message = f"the value linked to {socket.name!r} is refused: {error}"
            raise Refused(Failure("invalid_input", message)) from None
    if not is_of(registry, type_, value):
        message = f"the value linked to {socket.name!r} is of {type(value).__name__}; {type_} is wanted"
        raise Refused(Failure("invalid_input", message))
    return value


def lazy_arguments(spec: NodeSpec, arguments: dict[str, Any]) -> dict[str, Any]:
    """Wrap the lazy inputs, and let those that are not there be asked for."""
    for name in spec.lazy:
        if name not in arguments:
            arguments[name] = Lazy(name)
        elif arguments[name] is not None:
            arguments[name] = Lazy(name, arguments[name])
    return arguments


def result_values(registry: Registry, spec: NodeSpec, result: Any) -> tuple[Any, ...]:
    """Return what a node returned, one value for each output, in canonical form.

    Raises:
        Refused: it is not what the node says it returns.
    """
    if not spec.outputs:
        return ()
    values = result if spec.several else (result,)
    if len(values) != len(spec.outputs):
        raise wrong(f"{spec.id!r} returned {len(values)} values, not {len(spec.outputs)}")
    pairs = zip(spec.outputs, values, strict=True)
    return tuple([result_value(registry, spec, output, output.type, value) for output, value in pairs])


def result_value(registry: Registry, spec: NodeSpec, output: Output, type_: TypeRef, returned: Any) -> Any:
    """Return a value that a node returned or yielded in canonical form.

    Raises:
        Refused: it is not of the type.
    """
    try:
        value = output.parse(returned)
    except ValueError as error:
        raise wrong(f"{spec.id!r} returned as {output.name!r} what is not {type_}: {error}") from None
    if output.check is None and not is_of(registry, type_, value):
        raise wrong(f"{spec.id!r} returned {type(value).__name__} as {output.name!r}, not {type_}")
    return value


def handle_of(registry: Registry, type_: TypeRef, value: Any) -> Handle:
    """Return a handle to a value of this process; of an unknown type it is given its own."""
    actual = registry.actual(type_, value)
    return Handle(value, actual, value_nbytes(registry.types, actual, value))


def is_of(registry: Registry, ref: TypeRef, value: Any) -> bool:
    """Whether a value is of a type."""
    if ref.item is None:
        return isinstance(value, registry.types[ref.name].python)
    inner = ref.item
    return isinstance(value, list | tuple) and all(is_of(registry, inner, item) for item in value)


def wrong(message: str) -> Refused:
    """Return the refusal of a result."""
    return Refused(Failure("wrong_output", message, "This is a fault of the node's pack."))


def _await(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run an async node in a thread, and so an event loop, of its own: this thread may have one already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
