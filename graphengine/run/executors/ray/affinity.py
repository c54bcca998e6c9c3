"""Which worker is warm for a call: the one that has loaded the same weights, or been near the same values."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from graphengine.node.registry import Registry
from graphengine.run.executors.base import Call
from graphengine.run.executors.process.wire import dumps
from graphengine.run.executors.ray.kept import Kept

Traces = Mapping[Hashable, int]
"""What a call has in common with others, and how much it is worth to go where they went."""

_WEIGHTS = 4  # to load them takes seconds
_TYPE = 2  # a model may be another, but of the same base
_OBJECT = 1  # to bring a large value over takes a part of a second

_MEMORY = 1000  # traces: far more than workers have weights

Worker = TypeVar("Worker")


def traces_of(calls: Sequence[Call], registry: Registry) -> Traces:
    """Return the traces of calls of one node: its type, the weights they are linked to, and their large values.

    A recipe of weights is known by its type, which says that its values do not last.
    """
    traces: dict[Hashable, int] = {calls[0].spec.id: _TYPE}
    linked = [handles for call in calls for handles in (call.linked, *(flow.linked for flow in call.flows))]
    for handle in (item for handles in linked for whole in handles.values() for item in whole.items or (whole,)):
        kept: Kept = handle.ref
        if kept.object is not None:
            traces[kept.object.hex()] = _OBJECT  # the reference itself would keep the value
        elif not registry.type_of(handle.type).lasting:
            traces[hash(dumps(kept.encoded))] = _WEIGHTS
    return traces


class Affinity:
    """Remembers who made the last call with a trace."""

    def __init__(self) -> None:
        self._last: dict[Hashable, object] = {}

    def choose(self, idle: Sequence[Worker], traces: Traces) -> Worker:
        """Return the worker for a call; the last of several that are worth the same."""
        worth = {id(each): 0 for each in idle}
        for trace, weight in traces.items():
            last = id(self._last.get(trace))
            if last in worth:
                worth[last] += weight
        return max(reversed(idle), key=lambda each: worth[id(each)])

    def note(self, worker: object, traces: Traces) -> None:
        """Remember that a worker makes a call."""
        for trace in traces:
            self._last.pop(trace, None)
            self._last[trace] = worker
        while len(self._last) > _MEMORY:
            del self._last[next(iter(self._last))]

    def forget(self, worker: object) -> None:
        """Forget a worker that is no more."""
        self._last = {trace: each for trace, each in self._last.items() if each is not worker}
