"""A call on its way to an actor and back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from graphengine.run.context import RunScope
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.process.patience import Deadline
from graphengine.run.executors.process.wire import Scope
from graphengine.run.executors.ray.affinity import Traces
from graphengine.run.executors.ray.cluster import HOME
from graphengine.run.executors.ray.order import Written, write_order
from graphengine.run.messages import Event

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """A call with what a supervisor needs to know of it.

    Attributes:
        lane: where it is made: what has an effect outside, on the engine's own node.
        timeout: the seconds that it may take.
        traces: what it has in common with other calls.
        losses: how often the cluster lost it.
        deadline: when its time is up, if ever.
    """

    number: int
    call: Call
    lane: str
    scope: Scope
    written: Written
    timeout: float | None
    traces: Traces
    done: Callable[[Outcome], None]
    losses: int = 0
    deadline: Deadline | None = None

    def tell(self, event: Event) -> None:
        """Pass an event of the call on."""
        self._shield(lambda: self.call.context.scope.tell(event))

    def finish(self, outcome: Outcome) -> None:
        """Say how the call ended."""
        self._shield(lambda: self.done(outcome))

    def _shield(self, act: Callable[[], None]) -> None:
        """Call back; one run's observer that raises must not end the supervision of all."""
        try:
            act()
        except Exception:  # noqa: BLE001 - logged, and the loop of a run that was given up is gone
            _LOG.exception("an observer of node %r raised", self.call.context.node)


def make_job(
    number: int, call: Call, done: Callable[[Outcome], None], timeout: float | None, lanes: set[str], traces: Traces
) -> Job:
    """Write the order of a call.

    Args:
        lanes: those that there are; a call of another one shares ``cpu``.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
    """
    lane = HOME if call.has_effects else call.lane
    written = write_order(number, call)
    scope = _scope(call.context.scope)
    return Job(number, call, lane if lane in lanes else "cpu", scope, written, timeout, traces, done)


def _scope(scope: RunScope) -> Scope:
    return Scope(scope.info, scope.output_folder, scope.previews, scope.started)
