"""Several calls as one: joined where their node can do that, else one after another."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from graphengine.errors import Failure
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.node.together import Together
from graphengine.run.context import JointContext
from graphengine.run.executors.base import Call, Outcome, Success
from graphengine.run.executors.binding import Services, call_function
from graphengine.run.executors.invoke import arguments_of, fault_of, invoke, results_of
from graphengine.run.executors.metering import Meter

_LOG = logging.getLogger(__name__)

CANCELLED = Failure("cancelled", "the run was cancelled")


def invoke_all(calls: Sequence[Call], registry: Registry, services: Services, meter: Meter) -> Sequence[Outcome]:
    """Make calls in this process: one, or several of one node; handles are the values themselves.

    If they fail together they are made one by one, so that each fails or succeeds by itself.
    """
    if len(calls) == 1:
        return [invoke(calls[0], registry, services, meter)]
    together = None if any(call.flows for call in calls) else calls[0].spec.together
    outcomes = None if together is None else _invoke_together(together, calls, registry, services, meter)
    if outcomes is None:
        return [CANCELLED if call.context.cancelled else invoke(call, registry, services, meter) for call in calls]
    return outcomes


def _invoke_together(
    together: Together, calls: Sequence[Call], registry: Registry, services: Services, meter: Meter
) -> Sequence[Outcome] | None:
    spec, begun, started = calls[0].spec, meter.begin(), time.perf_counter()
    try:
        results = call_function(together.function, _joined(together, calls, registry, services))
        handles = [results_of(spec, each, registry) for each in _counted(results, calls)]
    except KeyboardInterrupt:
        raise  # the person at the terminal, not the node
    except BaseException as error:  # noqa: BLE001 - whatever a node raises is data to the engine
        return _apart(spec, calls, fault_of(error))
    finally:
        meter.end(begun, 0.0)  # what they took together says little of what each takes
    seconds = (time.perf_counter() - started) / len(calls)
    return [
        CANCELLED if call.context.cancelled else Success(each, seconds, len(calls))
        for call, each in zip(calls, handles, strict=True)
    ]


def _apart(spec: NodeSpec, calls: Sequence[Call], fault: Outcome) -> Sequence[Outcome] | None:
    if all(call.context.cancelled for call in calls):
        return [CANCELLED] * len(calls)
    _LOG.info("%d calls of %r are made one by one, as together they failed: %s", len(calls), spec.id, fault)
    return None


def _joined(together: Together, calls: Sequence[Call], registry: Registry, services: Services) -> dict[str, Any]:
    """Return the arguments of all calls as those of one."""
    each = [arguments_of(call, registry, services) for call in calls]
    arguments = each[0] | {name: [one[name] for one in each] for name in together.over}
    joint: Services = {Context: JointContext(tuple(call.context for call in calls)), Checkpoints: NO_CHECKPOINTS}
    return arguments | {
        injection.name: joint[injection.python] for injection in calls[0].spec.injected if injection.python in joint
    }


def _counted(results: Any, calls: Sequence[Call]) -> Sequence[Any]:
    if not isinstance(results, list) or len(results) != len(calls):
        raise TypeError(f"calls together return a list of {len(calls)} results")
    return results
