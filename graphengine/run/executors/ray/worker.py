"""A worker, from outside: an actor of the cluster, and what becomes of the calls that it makes."""

import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import ray
from ray import ObjectRef
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    GetTimeoutError,
    ObjectStoreFullError,
    OutOfDiskError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
)

from graphengine.errors import Failure
from graphengine.run.executors.base import Outcome, Success
from graphengine.run.executors.process.failures import CLOSED, UNINTELLIGIBLE, not_started
from graphengine.run.executors.process.patience import Deadline
from graphengine.run.executors.process.wire import End, Results, Scope, Told, dumps, loads
from graphengine.run.executors.ray.caller import Caller, Setup
from graphengine.run.executors.ray.cluster import Cluster
from graphengine.run.executors.ray.job import Job
from graphengine.run.executors.ray.kept import Kept, Parcel
from graphengine.run.executors.ray.order import Answer
from graphengine.run.executors.written import read_result

_LOOK_SECONDS = 0.25  # how often a deadline is looked at, which a cancel may have moved
_DOUBT_SECONDS = 5.0  # how long an actor that does not answer may only be slow to be reported dead
_ASK_SECONDS = 1.0
_REST_SECONDS = 0.01  # an actor that has just answered is not looked after

_DIED = Failure(
    "worker_died",
    "the worker process died",
    "Native code of the node, or of a library that it uses, is at fault, or somebody killed it. It was replaced.",
)
_FULL = Failure(
    "out_of_memory",
    "the worker process was ended because its machine had no memory left",
    "Give the machine more memory, or the cluster fewer calls at once.",
)
_NO_ROOM = Failure(
    "out_of_memory",
    "there is no room in Ray's object store for a result, nor on the disk behind it",
    "Give the object store more room, or the cache less.",
)

_ACTOR: Any = ray.remote(concurrency_groups={"calls": 1, "control": 3}, max_restarts=0, max_task_retries=0)(Caller)


class Gone(Exception):
    """A worker is no more.

    Attributes:
        failure: what its calls fail with; None if it is not their fault, and they may be made elsewhere.
        begun: whether the calls may have begun.
    """

    def __init__(self, failure: Failure | None, *, begun: bool = True) -> None:
        super().__init__(failure)
        self.failure = failure
        self.begun = begun


class Worker:
    """One actor; only the thread that serves it lets it make calls.

    Attributes:
        ready: it has loaded the packs.
        job: what it does.
        inbox: brings the thread its next job, or None when there will be no more.
    """

    def __init__(self, lane: str, setup: Setup, cluster: Cluster) -> None:
        self.lane = lane
        self.ready = False
        self.job: Job | None = None
        self.inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._setup = setup
        self._cluster = cluster
        self._actor: Any = None
        self._node = ""
        self._seen: frozenset[str] = frozenset()  # the nodes that lived when it was started
        self._scope: Scope | None = None
        self._rested = 0.0  # when the last call ended

    def open(self, seconds: float, closing: Callable[[], bool]) -> None:
        """Start the actor, which waits until the cluster has room for it, and load the packs.

        Args:
            seconds: what loading may take.

        Raises:
            Gone: it did not start, or the executor was closed meanwhile.
        """
        try:
            self._seen = self._cluster.nodes()
            self._actor = _ACTOR.options(**self._cluster.demands(self.lane)).remote(self._setup)
            self._node = self._await(self._control("where"), closing)
            late = Deadline(time.monotonic() + seconds, not_started(f"it took more than {seconds:g} s"))
            reason = self._await(self._control("load"), closing, late)
            self._events = self._actor.listen.options(concurrency_group="control", num_returns="streaming").remote()
        except RayError as error:
            verdict = self._judge(error)
            raise Gone(verdict and not_started("it died while it loaded the packs")) from error
        if reason:
            raise Gone(not_started(reason))

    def call(self, job: Job) -> Sequence[Outcome] | Failure:
        """Make calls, and return their outcomes. Their large results are on the engine's own node when it does.

        Raises:
            Gone: the worker died, or had to be ended; the calls failed with it, or were lost and may be made again.
        """
        try:
            self._rouse()
        except RayError as error:
            raise Gone(None, begun=False) from error
        try:
            return self._hear(job, self._send(job))
        except RayError as error:
            raise Gone(self._judge(error)) from error
        finally:
            self._rested = time.monotonic()

    def cancel(self, number: int) -> None:
        """Ask the call to stop at its next step."""
        self._control("cancel", number)

    def end(self) -> None:
        """End the process, at once."""
        if self._actor is not None:
            ray.kill(self._actor)

    def _rouse(self) -> None:
        """Look whether an actor that has rested is still there; what threads of nodes have told meanwhile is dropped.

        Raises:
            RayError: it died.
        """
        if time.monotonic() - self._rested > _REST_SECONDS:
            while ray.wait([self._events], timeout=0, fetch_local=False)[0]:
                ray.get(next(self._events))

    def _send(self, job: Job) -> "list[ObjectRef[Any]]":
        scope = b"" if self._scope == job.scope else dumps(job.scope)
        self._scope = job.scope
        call = self._actor.call.options(concurrency_group="calls", num_returns=1 + job.outputs)
        sent = call.remote(scope, job.written.order, job.outputs, *job.written.objects)
        return list(sent) if job.outputs else [sent]

    def _hear(self, job: Job, returned: "list[ObjectRef[Any]]") -> Sequence[Outcome] | Failure:
        """Pass events on until the calls have ended, and all that they told before that has come."""
        told = 0
        while self._next(job, returned[0], self._events) is self._events:
            told += self._pass_on(job)
        answer = loads(ray.get(returned[0]))
        if not isinstance(answer, Answer):
            raise Gone(UNINTELLIGIBLE)
        while told < answer.told:
            self._next(job, self._events)
            told += self._pass_on(job)
        large = returned[1 : 1 + answer.large]
        return answer.ends if isinstance(answer.ends, Failure) else _outcomes(answer.ends, large)

    def _next(self, job: Job, *sources: Any) -> Any:
        """Return the first of some sources that has something.

        Raises:
            Gone: the call's time is up.
        """
        while True:
            _check(job.deadline)
            pause = _LOOK_SECONDS if job.deadline is None else min(_LOOK_SECONDS, job.deadline.time - time.monotonic())
            ready, _ = ray.wait([*sources], timeout=max(0.0, pause), fetch_local=False)
            if ready:
                return ready[0]

    def _pass_on(self, job: Job) -> bool:
        """Take an event, and return whether it was of the job; a thread that another left behind may tell some."""
        told = loads(ray.get(next(self._events)))
        if not isinstance(told, Told):
            raise Gone(UNINTELLIGIBLE)
        return job.tell(told)

    def _await(self, reference: "ObjectRef[Any]", closing: Callable[[], bool], deadline: Deadline | None = None) -> Any:
        while not ray.wait([reference], timeout=_LOOK_SECONDS)[0]:
            if closing():
                raise Gone(CLOSED)
            _check(deadline)
        return ray.get(reference)

    def _control(self, method: str, *arguments: object) -> "ObjectRef[Any]":
        reference: ObjectRef[Any] = getattr(self._actor, method).options(concurrency_group="control").remote(*arguments)
        return reference

    def _judge(self, error: RayError) -> Failure | None:
        """Return what a call fails with, or None if it was lost with a node of the cluster."""
        match error:
            case OutOfMemoryError():
                return _FULL
            case RayTaskError(cause=ObjectStoreFullError() | OutOfDiskError()):
                return _NO_ROOM
            case RayTaskError():
                return Failure("worker_died", f"the worker process cannot go on: {error.cause}")
            case ActorDiedError():
                return None if self._was_lost() else _DIED
            case _:
                return self._judge_silence()

    def _judge_silence(self) -> Failure | None:
        """Ask an actor that cannot be reached until it is known to be dead; the news of a crash take their time."""
        until = time.monotonic() + _DOUBT_SECONDS
        while time.monotonic() < until:
            try:
                ray.get(self._control("where"), timeout=_ASK_SECONDS)
            except ActorDiedError:
                return None if self._was_lost() else _DIED
            except (ActorUnavailableError, GetTimeoutError):
                continue
            break  # it is there again, but the call is not
        return None

    def _was_lost(self) -> bool:
        """Return whether its node died; if it had none yet, whether any did since."""
        mine = {self._node} if self._node else self._seen
        return not mine <= self._cluster.nodes()


def _check(deadline: Deadline | None) -> None:
    if deadline is not None and deadline.time <= time.monotonic():
        raise Gone(deadline.failure)


def _outcomes(ends: Sequence[End], large: "list[ObjectRef[Any]]") -> Sequence[Outcome]:
    """Bring the large results to this node: from now on no other one matters."""
    objects = ray.get(large) if large else ()

    def kept(parcel: Parcel) -> Kept:
        return Kept(parcel.open(objects), None if parcel.place is None else large[parcel.place])

    def outcome(end: End) -> Outcome:
        if not isinstance(end, Results):
            return end
        handles = {name: read_result(result, kept) for name, result in end.results.items()}
        return Success(handles, end.seconds, end.together, end.footprint)

    return [outcome(end) for end in ends]
