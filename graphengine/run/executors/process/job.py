"""A call on its way to a worker and back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from graphengine.errors import Failure
from graphengine.run.context import RunScope
from graphengine.run.executors.base import Call, Outcome, Success
from graphengine.run.executors.process.segments import INLINE_BYTES, Stored, Vault
from graphengine.run.executors.process.wire import Answer, Enclosed, Ended, Linked, Order, Scope, Told, dumps
from graphengine.run.handle import Handle
from graphengine.types.codec import Encoded

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """A call with what a supervisor needs to know of it.

    Attributes:
        message: the order, ready to be sent.
        timeout: the seconds that it may take.
        enclosed: keeps messages that were too large for the socket while the call runs.
    """

    number: int
    call: Call
    scope: Scope
    message: bytes
    timeout: float | None
    vault: Vault
    done: Callable[[Outcome], None]
    enclosed: list[Stored]

    def scope_message(self) -> bytes:
        """Return the message that tells a worker of the run."""
        return _fit(dumps(self.scope), self.vault, self.enclosed)

    def tell(self, told: Told) -> None:
        """Pass an event of the call on."""
        self._shield(lambda: self.call.context.scope.tell(told.event))

    def finish(self, end: Answer | Ended | Failure) -> None:
        """Say how the call ended."""
        match end:
            case Answer(_, results, seconds):
                types = {output.name: output.type for output in self.call.spec.outputs}
                handles = {
                    name: Handle(self.vault.own(result.parcel), types[name], result.nbytes)
                    for name, result in results.items()
                }
                outcome: Outcome = Success(handles, seconds)
            case Ended(_, ended):
                outcome = ended
            case Failure():
                outcome = end
        self._shield(lambda: self.done(outcome))

    def _shield(self, act: Callable[[], None]) -> None:
        """Call back; one run's observer that raises must not end the supervision of all."""
        try:
            act()
        except Exception:  # noqa: BLE001 - logged, and the loop of a run that was given up is gone
            _LOG.exception("an observer of node %r raised", self.call.context.node)


def make_job(number: int, call: Call, done: Callable[[Outcome], None], vault: Vault, timeout: float | None) -> Job:
    """Write the order of a call.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
        OutOfMemory: the order is large, and there is no room for it.
    """
    linked = {
        name: Linked(handle.type, handle.ref.parcel, call.conversions[name].source, call.conversions[name].target)
        for name, handle in call.linked.items()
    }
    order = Order(number, call.spec.id, call.context.node, call.constants, linked, call.attempt)
    enclosed: list[Stored] = []
    message = _fit(dumps(order), vault, enclosed)
    return Job(number, call, _scope(call.context.scope), message, timeout, vault, done, enclosed)


def _fit(payload: bytes, vault: Vault, enclosed: list[Stored]) -> bytes:
    """Return a message that fits into the socket of a worker that waits: itself, or where it lies."""
    if len(payload) < INLINE_BYTES:
        return payload
    stored = vault.own(vault.segments.pack(Encoded({}, (payload,))))
    enclosed.append(stored)
    return dumps(Enclosed(stored.parcel))


def _scope(scope: RunScope) -> Scope:
    return Scope(scope.info, scope.output_folder, scope.previews, scope.started)
