"""Calls on their way to a worker and back."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from graphengine.errors import Failure
from graphengine.node.spec import Lane, NodeSpec
from graphengine.run.context import RunScope
from graphengine.run.executors.base import Call, Outcome, Success, Wants
from graphengine.run.executors.process.segments import INLINE_BYTES, Parcel, Stored, Vault
from graphengine.run.executors.process.wire import Answer, Enclosed, Order, Ordered, Results, Scope, Told, dumps
from graphengine.run.executors.written import read_result, write_call
from graphengine.run.handle import Handle
from graphengine.types.codec import Encoded

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """A call, or several that are made together, with what a supervisor needs to know of them.

    Attributes:
        number: of the order.
        calls: the calls, by their numbers.
        scope: the run of the first.
        message: the order, ready to be sent.
        timeout: the seconds that it may take.
        done: takes an outcome for each call, or a failure of all of them.
        enclosed: keeps messages that were too large for the socket while the call runs.
    """

    number: int
    calls: Mapping[int, Call]
    scope: Scope
    message: bytes
    timeout: float | None
    vault: Vault
    done: Callable[[Sequence[Outcome] | Failure], None]
    enclosed: list[Stored]

    @property
    def spec(self) -> NodeSpec:
        """The node."""
        return next(iter(self.calls.values())).spec

    @property
    def lane(self) -> Lane:
        """The lane that it occupies."""
        return next(iter(self.calls.values())).lane

    @property
    def cancelled(self) -> Sequence[int]:
        """The calls whose runs were cancelled."""
        return [number for number, call in self.calls.items() if call.context.cancelled]

    @property
    def unwanted(self) -> bool:
        """Whether nobody wants any of it any more."""
        return len(self.cancelled) == len(self.calls)

    def scope_message(self) -> bytes:
        """Return the message that tells a worker of the run."""
        return _fit(dumps(self.scope), self.vault, self.enclosed)

    def tell(self, told: Told) -> None:
        """Pass an event of a call on."""
        call = self.calls.get(told.number)
        if call is not None:
            self._shield(lambda: call.context.scope.tell(told.event))

    def finish(self, end: Answer | Failure) -> None:
        """Say how the calls ended."""
        outcomes = [self._outcome(each) for each in end.ends] if isinstance(end, Answer) else end
        self._shield(lambda: self.done(outcomes))

    def _outcome(self, end: Results | Failure | Wants) -> Outcome:
        if not isinstance(end, Results):
            return end
        handles = {name: read_result(result, self.vault.own) for name, result in end.results.items()}
        return Success(handles, end.seconds, end.together)

    def _shield(self, act: Callable[[], None]) -> None:
        """Call back; one run's observer that raises must not end the supervision of all."""
        try:
            act()
        except Exception:  # noqa: BLE001 - logged, and the loop of a run that was given up is gone
            _LOG.exception("an observer of %r raised", self.spec.id)


def make_job(
    number: int,
    calls: Mapping[int, Call],
    done: Callable[[Sequence[Outcome] | Failure], None],
    vault: Vault,
    timeout: float | None,
) -> Job:
    """Write the order of calls.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
        OutOfMemory: the order is large, and there is no room for it.
    """
    first = next(iter(calls.values()))
    scope = _scope(first.context.scope)
    order = Order(number, tuple(_ordered(each, call, scope) for each, call in calls.items()))
    enclosed: list[Stored] = []
    message = _fit(dumps(order), vault, enclosed)
    return Job(number, calls, scope, message, timeout, vault, done, enclosed)


def _ordered(number: int, call: Call, told: Scope) -> Ordered:
    scope = _scope(call.context.scope)
    return Ordered(number, write_call(call, _parcel), None if scope == told else scope)


def _parcel(handle: Handle) -> Parcel:
    parcel: Parcel = handle.ref.parcel
    return parcel


def _fit(payload: bytes, vault: Vault, enclosed: list[Stored]) -> bytes:
    """Return a message that fits into the socket of a worker that waits: itself, or where it lies."""
    if len(payload) < INLINE_BYTES:
        return payload
    stored = vault.own(vault.segments.pack(Encoded({}, (payload,))))
    enclosed.append(stored)
    return dumps(Enclosed(stored.parcel))


def _scope(scope: RunScope) -> Scope:
    return Scope(scope.info, scope.output_folder, scope.previews, scope.started)
