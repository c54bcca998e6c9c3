"""Orders where they are carried out: the calls are read and made, and what they gave is written; each fails alone."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphengine.errors import Failure, NodeError
from graphengine.node.registry import Registry
from graphengine.run.context import CancelToken, RunScope, TaskContext
from graphengine.run.executors.base import Outcome, Success
from graphengine.run.executors.binding import Services
from graphengine.run.executors.metering import Meter
from graphengine.run.executors.process.failures import CANCELLED
from graphengine.run.executors.process.wire import End, Order, Ordered, Results, Scope, Told, dumps
from graphengine.run.executors.together import invoke_all
from graphengine.run.executors.written import Reader, WrittenCall, WrittenResult
from graphengine.run.handle import Handle
from graphengine.run.messages import Event
from graphengine.types.codec import Encoded

Arrived = tuple[WrittenCall, TaskContext]


class Cancels:
    """Brings a cancel, which comes at any time, to the token of the call that it means. Numbers of calls only rise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, CancelToken] = {}
        self._early: set[int] = set()

    def begin(self, number: int, *, beside: bool = False) -> CancelToken:
        """Return the token of a call that starts, when the one before is over or ``beside`` it."""
        with self._lock:
            if not beside:
                self._running.clear()
            token = self._running[number] = CancelToken()
            if number in self._early:
                token.cancel()
            self._early = {each for each in self._early if each > number}
            return token

    def cancel(self, number: int) -> None:
        """Cancel a call, if it still runs or is to come."""
        with self._lock:
            if number in self._running:
                self._running[number].cancel()
            else:
                self._early.add(number)


def arrive(
    order: Order, scope: Scope | None, cancels: Cancels, say: Callable[[Told], None], *, at_home: bool = True
) -> Sequence[Arrived]:
    """Return the calls of an order with their contexts.

    Args:
        scope: the run that was told before.
        say: takes the events of the calls, from any thread.
        at_home: whether a path means the same here as where the engine is. If not, calls keep no states.
    """
    arrived = []
    for index, each in enumerate(order.calls):
        told = each.scope or scope
        if told is None:
            raise TypeError("a call came before its run")
        token = cancels.begin(each.number, beside=index > 0)
        arrived.append((each.call, _context(each, told if at_home else told._replace(checkpoints=None), token, say)))
    return arrived


def _context(ordered: Ordered, scope: Scope, token: CancelToken, say: Callable[[Told], None]) -> TaskContext:
    info, folder, previews, started, checkpoints = scope

    def tell(event: Event) -> None:
        say(Told(ordered.number, event))

    run = RunScope(info, folder, token, tell, previews, started, checkpoints)
    return TaskContext(run, ordered.call.node, ordered.call.fingerprint)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes calls in this process.

    Attributes:
        unpack: makes of what travelled an encoded value.
        write: makes of a result, which is a value of this process, what travels.
    """

    registry: Registry
    services: Services
    meter: Meter
    unpack: Callable[[Any], Encoded]
    write: Callable[[Handle], WrittenResult]

    def make(self, calls: Sequence[Arrived]) -> tuple[End, ...]:
        """Make calls, together if there are several, and return what each ended with."""
        reader = Reader(self.registry, self.unpack)
        try:
            read = [reader.call(*each) for each in calls]
        except Exception as error:  # noqa: BLE001 - codecs and what they are given come from packs
            if len(calls) == 1:
                return (_stuck(calls[0], error),)
            return tuple(end for each in calls for end in self._make_alone(each))
        outcomes = invoke_all(read, self.registry, self.services, self.meter)
        return tuple(self._end(call, outcome) for call, outcome in zip(calls, outcomes, strict=True))

    def _make_alone(self, call: Arrived) -> tuple[End, ...]:
        _, context = call
        return (CANCELLED,) if context.cancelled else self.make([call])

    def _end(self, call: Arrived, outcome: Outcome) -> End:
        if not isinstance(outcome, Success):
            return outcome
        try:
            results = {name: self.write(handle) for name, handle in outcome.handles.items()}
        except NodeError as error:  # no room for the result
            return error.failure()
        except Exception as error:  # noqa: BLE001 - codecs come from packs
            return _stuck(call, error)
        return Results(results, outcome.seconds, outcome.together, outcome.footprint)


def travelling(calls: Sequence[Arrived], ends: Sequence[End]) -> tuple[End, ...]:
    """Return ends of which at least one refuses to travel, with failures in the places of those."""
    return tuple(_tried(call, end) for call, end in zip(calls, ends, strict=True))


def _tried(call: Arrived, end: End) -> End:
    try:
        dumps(end)
    except Exception as error:  # noqa: BLE001 - results of packs may refuse to be pickled
        return _stuck(call, error)
    return end


def _stuck(call: Arrived, error: Exception) -> Failure:
    written, _ = call
    text = f"a value of {written.type!r} cannot travel: {type(error).__name__}: {error}"
    return Failure("wrong_output", text, "This is a fault of the node's pack.", type(error).__name__)
