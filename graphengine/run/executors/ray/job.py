"""Calls on their way to an actor and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from graphengine.errors import Failure
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.process.batch import Batch
from graphengine.run.executors.process.patience import Deadline
from graphengine.run.executors.ray.affinity import Traces
from graphengine.run.executors.ray.cluster import HOME
from graphengine.run.executors.ray.order import Written, write


@dataclass(slots=True, eq=False)
class Job(Batch):
    """Calls with the order that is sent, and how it goes.

    Attributes:
        lane: where they are made: what has an effect outside, on the engine's own node.
        traces: what they have in common with other calls.
        losses: how often the cluster lost them.
        deadline: when their time is up, if ever.
    """

    lane: str
    written: Written
    traces: Traces
    losses: int = 0
    deadline: Deadline | None = None

    @property
    def outputs(self) -> int:
        """How many results there are at most."""
        return len(self.calls) * len(self.spec.outputs)


def make_job(
    calls: Mapping[int, Call],
    timeout: float | None,
    done: Callable[[Sequence[Outcome] | Failure], None],
    lanes: set[str],
    traces: Traces,
) -> Job:
    """Write the order of calls.

    Args:
        lanes: those that there are; a call of another one shares ``cpu``.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
    """
    first = next(iter(calls.values()))
    lane = HOME if first.has_effects else first.lane
    return Job(calls, timeout, done, lane if lane in lanes else "cpu", write(calls), traces)
