"""One call of a node function, the same in every executor: bind, call, check, and never raise."""

import time
from typing import Any

from graphengine.errors import Cancelled, Failure, NodeError
from graphengine.node.lazy import Wanted
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome, Success, Wants
from graphengine.run.executors.binding import (
    Refused,
    Services,
    call_function,
    handle_of,
    injected,
    lazy_arguments,
    linked_values,
    result_values,
)
from graphengine.run.executors.flow import Flows
from graphengine.run.executors.metering import Meter
from graphengine.run.handle import Handles, listed


def invoke(call: Call, registry: Registry, services: Services, meter: Meter) -> Outcome:
    """Call a node function in this process; handles are the values themselves."""
    begun = meter.begin()
    started = time.perf_counter()
    try:
        handles = _call_with_flows(call, registry, services) if call.flows else _call(call, registry, services, None)
    except KeyboardInterrupt:
        raise  # the person at the terminal, not the node
    except BaseException as error:  # noqa: BLE001 - whatever a node raises is data to the engine
        meter.end(begun, 0.0)
        fault = fault_of(error)
        if call.spec.checkpoints and isinstance(fault, Failure) and fault.code != "cancelled":
            call.context.start_over()  # what was kept may be what it failed of
        return fault
    seconds = time.perf_counter() - started
    return Success(handles, seconds, footprint=meter.end(begun, seconds))


def _call(call: Call, registry: Registry, services: Services, flows: Flows | None) -> Handles:
    arguments = arguments_of(call, registry, services)
    if flows is not None:
        arguments |= flows.arguments()
    return results_of(call.spec, call_function(call.spec.function, arguments), registry)


def arguments_of(call: Call, registry: Registry, services: Services) -> dict[str, Any]:
    """Return what a node function is called with, but for what flows; what is linked is converted and checked."""
    spec = call.spec
    arguments = dict(call.constants)
    if call.linked:
        arguments |= linked_values(registry, spec, call.linked, call.conversions)
    if spec.lazy:
        arguments = lazy_arguments(spec, arguments)
    if spec.injected:
        arguments |= injected(spec, call.context, services, call.attempt, call.context.checkpoints)
    return arguments


def results_of(spec: NodeSpec, result: Any, registry: Registry) -> Handles:
    """Return handles of what a node function returned; it is checked."""
    values = result_values(registry, spec, result)
    return {each.name: handle_of(registry, each.type, value) for each, value in zip(spec.outputs, values, strict=True)}


def _call_with_flows(call: Call, registry: Registry, services: Services) -> Handles:
    outputs = call.spec.outputs
    with Flows(call, registry, services) as flows:
        if not call.collects:
            return _call(call, registry, services, flows)
        columns = flows.collected()
        types = {each.name: each.type.item if each.type.flows and each.type.item else each.type for each in outputs}
        return {
            name: listed(types[name].listed, [handle_of(registry, types[name], item) for item in column])
            for name, column in columns.items()
        }


def fault_of(error: BaseException) -> Failure | Wants:
    """Return as data what a call raised."""
    match error:
        case Wanted():
            return Wants(error.name)
        case Refused():
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
