"""One call of a node function, the same in every executor: bind, call, check, and never raise."""

import time

from graphengine.errors import Cancelled, Failure, NodeError
from graphengine.node.lazy import Wanted
from graphengine.node.registry import Registry
from graphengine.run.executors.base import Call, Outcome, Success, Wants
from graphengine.run.executors.binding import (
    Refused,
    Services,
    call_node,
    handle_of,
    injected,
    lazy_arguments,
    linked_values,
    result_values,
)
from graphengine.run.executors.flow import Flows
from graphengine.run.handle import Handles, listed


def invoke(call: Call, registry: Registry, services: Services) -> Outcome:
    """Call a node function in this process; handles are the values themselves.

    Whatever the node raises becomes a Failure: this is the one place where that happens.
    """
    started = time.perf_counter()
    try:
        handles = _call_with_flows(call, registry, services) if call.flows else _call(call, registry, services, None)
    except Wanted as wanted:
        return Wants(wanted.name)
    except Refused as refused:
        return refused.failure
    except Cancelled as error:
        return Failure("cancelled", f"{error}")
    except NodeError as error:
        return error.failure()
    except MemoryError as error:
        return Failure("out_of_memory", "the host has no memory left", exception=type(error).__name__)
    except KeyboardInterrupt:
        raise  # the person at the terminal, not the node
    except BaseException as error:  # noqa: BLE001 - whatever a node raises is data to the engine
        return Failure("node_raised", _said(error), exception=type(error).__name__)
    return Success(handles, time.perf_counter() - started)


def _call(call: Call, registry: Registry, services: Services, flows: Flows | None) -> Handles:
    arguments = {**call.constants, **linked_values(registry, call.spec, call.linked, call.conversions)}
    if flows is not None:
        arguments |= flows.arguments()
    arguments = {**lazy_arguments(call.spec, arguments), **injected(call.spec, call.context, services, call.attempt)}
    values = result_values(registry, call.spec, call_node(call.spec, arguments))
    return {
        output.name: handle_of(registry, output.type, value)
        for output, value in zip(call.spec.outputs, values, strict=True)
    }


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


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - not even its text can be had
        return type(error).__name__
