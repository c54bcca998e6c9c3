"""Calls on their way to a worker process and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from graphengine.errors import Failure
from graphengine.node.spec import Lane
from graphengine.run.executors.base import Call, Outcome, Success
from graphengine.run.executors.process.batch import Batch, write_order
from graphengine.run.executors.process.segments import INLINE_BYTES, Parcel, Stored, Vault
from graphengine.run.executors.process.wire import Answer, Enclosed, End, Greeting, Proof, Results, Told, dumps
from graphengine.run.executors.written import read_result
from graphengine.run.handle import Handle
from graphengine.types.codec import Encoded


@dataclass(slots=True, eq=False)
class Job(Batch):
    """Calls with the message that orders them.

    Attributes:
        message: the order, ready to be sent.
        enclosed: keeps messages that were too large for the socket while the call runs.
        since: when it began to wait, by the monotonic clock.
    """

    message: bytes
    vault: Vault
    enclosed: list[Stored]
    since: float = 0.0

    @property
    def number(self) -> int:
        """The number of the order."""
        return next(iter(self.calls))

    @property
    def key(self) -> str:
        """What a worker does best that did the like before."""
        return self.spec.id

    @property
    def lane(self) -> Lane:
        """The lane that it occupies."""
        return self.first.lane

    def scope_message(self) -> bytes:
        """Return the message that tells a worker of the run."""
        return _fit(dumps(self.scope), self.vault, self.enclosed)

    def finish(self, end: Answer | Failure) -> None:
        """Say how the calls ended."""
        outcomes = [self._outcome(each) for each in end.ends] if isinstance(end, Answer) else end
        self.end(outcomes)

    def _outcome(self, end: End) -> Outcome:
        if not isinstance(end, Results):
            return end
        handles = {name: read_result(result, self.vault.own) for name, result in end.results.items()}
        return Success(handles, end.seconds, end.together, end.footprint)


@dataclass(slots=True, eq=False)
class Question:
    """What a worker is asked that is no call of a run.

    Attributes:
        done: takes a failure, or None if all is well.
    """

    number: int
    message: bytes
    lane: Lane
    timeout: float | None
    done: Callable[[Failure | None], None]
    enclosed: list[Stored]
    since: float = 0.0
    key: ClassVar[str] = ""
    scope: ClassVar[None] = None
    calls: ClassVar[Mapping[int, Call]] = {}
    cancelled: ClassVar[Sequence[int]] = ()
    unwanted: ClassVar[bool] = False

    def scope_message(self) -> bytes:
        """Return nothing: it belongs to no run."""
        return b""

    def tell(self, told: Told) -> bool:
        """Pass nothing on: nobody listens."""
        del told
        return False

    def finish(self, end: Answer | Failure) -> None:
        """Say what the answer is."""
        failures = [each for each in end.ends if isinstance(each, Failure)] if isinstance(end, Answer) else [end]
        self.done(failures[0] if failures else None)


Errand = Job | Question
"""What is given to a worker."""


def make_question(
    message: Greeting | Proof, lane: Lane, timeout: float | None, done: Callable[[Failure | None], None], vault: Vault
) -> Question:
    """Write a question.

    Raises:
        OutOfMemory: it is large, and there is no room for it.
    """
    enclosed: list[Stored] = []
    return Question(message.number, _fit(dumps(message), vault, enclosed), lane, timeout, done, enclosed)


def make_job(
    calls: Mapping[int, Call],
    timeout: float | None,
    done: Callable[[Sequence[Outcome] | Failure], None],
    vault: Vault,
) -> Job:
    """Write the order of calls.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
        OutOfMemory: the order is large, and there is no room for it.
    """
    enclosed: list[Stored] = []
    message = _fit(dumps(write_order(calls, _parcel)), vault, enclosed)
    return Job(calls, timeout, done, message, vault, enclosed)


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
