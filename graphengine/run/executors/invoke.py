"""One call of a node function, the same in every executor: bind, call, check, and never raise."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from graphengine.errors import Cancelled, Failure, NodeError
from graphengine.node.context import Attempt, Context
from graphengine.node.lazy import Lazy, Wanted
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome, Success, Wants
from graphengine.run.handle import Handle, Handles
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import value_nbytes

Services = Mapping[type, Any]


class _Refused(Exception):
    """A value that the call or its result must not have; carries the failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def invoke(call: Call, registry: Registry, services: Services) -> Outcome:
    """Call a node function in this process; handles are the values themselves."""
    started = time.perf_counter()
    try:
        result = run_function(call.spec.function, arguments_of(call, registry, services))
        handles = results_of(call.spec, result, registry)
    except KeyboardInterrupt:
        raise  # the person at the terminal, not the node
    except BaseException as error:  # noqa: BLE001 - whatever a node raises is data to the engine
        return fault_of(error)
    return Success(handles, time.perf_counter() - started)


def run_function(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call a function, async or not, and return its result."""
    result = function(**arguments)
    return _await(result) if inspect.iscoroutine(result) else result


def fault_of(error: BaseException) -> Failure | Wants:
    """Return as data what a call raised."""
    match error:
        case Wanted():
            return Wants(error.name)
        case _Refused():
            return error.failure
        case Cancelled():
            return Failure("cancelled", f"{error}")
        case NodeError():
            return error.failure()
        case MemoryError():
            return Failure("out_of_memory", "the host has no memory left", exception=type(error).__name__)
        case _:
            return Failure("node_raised", _said(error), exception=type(error).__name__)


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - not even its text can be had
        return type(error).__name__


def _await(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run an async node in a thread, and so an event loop, of its own: this thread may have one already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def arguments_of(call: Call, registry: Registry, services: Services) -> dict[str, Any]:
    """Return what a node function is called with; what is linked is converted and checked."""
    arguments = dict(call.constants)
    for name, handle in call.linked.items():
        arguments[name] = _linked(call, registry, name, handle.ref)
    for name in call.spec.lazy:
        if name not in arguments:
            arguments[name] = Lazy(name)
        elif arguments[name] is not None:
            arguments[name] = Lazy(name, arguments[name])
    for injection in call.spec.injected:
        arguments[injection.name] = _injected(injection.python, call, services)
    return arguments


def _injected(python: type, call: Call, services: Services) -> Any:
    if python is Context:
        return call.context
    return call.attempt if python is Attempt else services[python]


def _linked(call: Call, registry: Registry, name: str, value: Any) -> Any:
    value = call.conversions[name].convert(value)
    socket = call.spec.input[name]
    if socket.adapter is not None:
        try:
            return socket.parse(value)
        except ValueError as error:
            raise _Refused(Failure("invalid_input", f"the value linked to {name!r} is refused: {error}")) from None
    if not _is_of(registry, socket.type, value):
        message = f"the value linked to {name!r} is of {type(value).__name__}; {socket.type} is wanted"
        raise _Refused(Failure("invalid_input", message))
    return value


def results_of(spec: NodeSpec, result: Any, registry: Registry) -> Handles:
    """Return handles of what a node function returned; it is checked."""
    if not spec.outputs:
        return {}
    values = result if spec.several else (result,)
    if len(values) != len(spec.outputs):
        raise _wrong(f"{spec.id!r} returned {len(values)} values, not {len(spec.outputs)}")
    handles = {}
    for output, returned in zip(spec.outputs, values, strict=True):
        try:
            value = output.parse(returned)
        except ValueError as error:
            raise _wrong(f"{spec.id!r} returned as {output.name!r} what is not {output.type}: {error}") from None
        if output.adapter is None and not _is_of(registry, output.type, value):
            raise _wrong(f"{spec.id!r} returned {type(value).__name__} as {output.name!r}, not {output.type}")
        handles[output.name] = Handle(value, output.type, value_nbytes(registry.types, output.type, value))
    return handles


def _is_of(registry: Registry, ref: TypeRef, value: Any) -> bool:
    if ref.item is None:
        return isinstance(value, registry.types[ref.name].python)
    inner = ref.item
    return isinstance(value, list | tuple) and all(_is_of(registry, inner, item) for item in value)


def _wrong(message: str) -> _Refused:
    return _Refused(Failure("wrong_output", message, "This is a fault of the node's pack."))
