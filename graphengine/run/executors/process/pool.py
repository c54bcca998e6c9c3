"""The supervision of workers: who does what, what becomes of a call whose worker dies, and when one must."""

import selectors
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from graphengine.errors import Failure
from graphengine.run.executors.process.job import Job
from graphengine.run.executors.process.wire import Answer, Broken, Ready, Refusal, Told
from graphengine.run.executors.process.worker import Deadline, Worker

_CHECK_SECONDS = 0.5  # how often a worker is looked after whose end its socket did not tell
_REAP_SECONDS = 0.02  # how often one is that was killed
_EXIT_SECONDS = 1.0  # what a process that has closed its socket may take to be gone

_CANCELLED = Failure("cancelled", "the run was cancelled")
_CLOSED = Failure("cancelled", "the engine was closed")
_CRASH_HINT = "Native code of the node, or of a library that it uses, is at fault; the worker was replaced."
_KILL_HINT = "Somebody killed it: often the system, for want of memory. The worker was replaced."
_LATE_HINT = "Its worker was ended and replaced; give the node more time if it needs it."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the supervisor waits, in seconds.

    Attributes:
        call: what a call may take whose node says nothing else; None is for ever.
        start: what a worker may take to load the packs.
        cancel: what a cancelled call may take to stop.
        close: the same when the executor is closed.
    """

    call: float | None = None
    start: float = 120.0
    cancel: float = 10.0
    close: float = 2.0


class Pool:
    """Workers by lane, each started when it is first needed, and replaced when it dies.

    One thread waits for all workers; whoever submits or cancels only sends a message and goes on.

    Args:
        hire: starts a worker for a lane.
        bury: clears up behind a worker that has ended.
        slots: how many workers a lane has at most; a lane that is not named has one.
    """

    def __init__(
        self,
        hire: Callable[[str], Worker],
        bury: Callable[[Worker], None],
        slots: Mapping[str, int],
        patience: Patience,
    ) -> None:
        self._hire = hire
        self._bury = bury
        self._slots = slots
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Job]] = {}
        self._workers: list[Worker] = []
        self._dying: list[Worker] = []
        self._warm: dict[str, Worker] = {}  # who made the last call of a type of node
        self._after: list[Callable[[], None]] = []  # callbacks of the thread, in order, until it frees the lock
        self._closing = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._supervise, name="graphengine-workers", daemon=True)
        self._thread.start()

    # -------------------------------------------------------------- from any thread

    def submit(self, job: Job) -> None:
        """Give a job to an idle worker, or let it wait for one."""
        refused = None
        with self._lock:
            if self._closing:
                refused = _CLOSED
            elif job.call.context.scope.token.cancelled:
                refused = _CANCELLED
            else:
                self._waiting.setdefault(job.call.spec.lane, deque()).append(job)
                self._feed(job.call.spec.lane)
        if refused is not None:
            job.finish(refused)

    def cancel(self, job: Job) -> None:
        """Take back a job that waits; ask one that runs to stop, and give it some time for that."""
        with self._lock:
            waiting = self._waiting.get(job.call.spec.lane, deque())
            waits = job in waiting
            if waits:
                waiting.remove(job)
            for worker in self._workers:
                if worker.job is job:
                    self._hurry(worker, job, self._patience.cancel)
        if waits:
            job.finish(_CANCELLED)

    def close(self) -> None:
        """End all workers, after a moment for the calls that run."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self._fail_waiting()
                for worker in self._workers:
                    if worker.job is not None:
                        self._hurry(worker, worker.job, self._patience.close)
                self._ring()
        self._thread.join()

    def _hurry(self, worker: Worker, job: Job, seconds: float) -> None:
        worker.cancel(job.number)
        failure = Failure("cancelled", f"the call did not stop within {seconds:g} s, and its worker was ended")
        deadline = Deadline(time.monotonic() + seconds, failure)
        worker.deadline = min(worker.deadline or deadline, deadline, key=lambda each: each.time)
        self._ring()

    # -------------------------------------------------------------- the supervisor's thread

    def _supervise(self) -> None:
        try:
            while not self._over():
                for key, _ in self._selector.select(self._pause()):
                    with self._lock:
                        self._hear(key.data)
                    self._call_back()
                with self._lock:
                    self._tend()
                self._call_back()
        finally:
            self._end()

    def _over(self) -> bool:
        return self._closing and not self._workers and not self._dying

    def _pause(self) -> float | None:
        """Return the seconds until something must be looked at; None when only a message can change anything."""
        with self._lock:
            times = [each.deadline.time - time.monotonic() for each in self._workers if each.deadline is not None]
            if any(each.job for each in self._workers):
                times.append(_CHECK_SECONDS)
            if self._dying:
                times.append(_REAP_SECONDS)
        return max(0.0, min(times)) if times else None

    def _hear(self, worker: Worker | None) -> None:
        if worker is None:
            with suppress(BlockingIOError):
                self._ear.recv(4096)
        elif worker in self._workers:
            try:
                for message in worker.receive():
                    if worker in self._workers:  # an earlier message may have been its last
                        self._take(worker, message)
            except EOFError:
                self._dismiss(worker, _died(worker.exit_code(_EXIT_SECONDS)))

    def _take(self, worker: Worker, message: object) -> None:
        job = worker.job
        match message:
            case Ready():
                worker.ready = True
                worker.deadline = None
                self._feed(worker.lane)
            case Told(number) if job is not None and job.number == number:
                self._after.append(lambda: job.tell(message))
            case Told():
                pass  # from a thread that a node left behind
            case Answer(number) | Refusal(number) if job is not None and job.number == number:
                worker.job = None
                worker.deadline = None
                self._feed(worker.lane)
                self._after.append(lambda: job.finish(message))
            case Broken(reason):
                self._dismiss(worker, _not_started(reason))
            case _:
                self._dismiss(worker, Failure("worker_died", "the worker process cannot be understood"))

    def _tend(self) -> None:
        now = time.monotonic()
        for worker in list(self._workers):
            code = worker.exit_code() if worker.job or not worker.ready else None
            if code is not None:  # its children may hold its socket open
                self._dismiss(worker, _died(code))
            elif worker.deadline is not None and worker.deadline.time <= now:
                self._dismiss(worker, worker.deadline.failure)
            elif self._closing and worker.job is None:
                self._dismiss(worker, _CLOSED)
        for worker in [each for each in self._dying if each.exit_code() is not None]:
            self._dying.remove(worker)
            self._bury(worker)
        for lane, waiting in self._waiting.items():
            mine = [each for each in self._workers if each.lane == lane]
            coming = sum(not each.ready for each in mine)
            for _ in range(min(len(waiting) - coming, self._slots.get(lane, 1) - len(mine))):
                self._start(lane)

    def _start(self, lane: str) -> None:
        try:
            worker = self._hire(lane)
        except OSError as error:
            self._fail_next(lane, _not_started(error.strerror or "no reason is known"))
            return
        late = _not_started(f"it took more than {self._patience.start:g} s")
        worker.deadline = Deadline(time.monotonic() + self._patience.start, late)
        self._workers.append(worker)
        self._selector.register(worker.socket, selectors.EVENT_READ, worker)

    def _dismiss(self, worker: Worker, failure: Failure) -> None:
        """End a worker; its call fails, and another takes its place.

        The call does not wait for the end of the process: one that hangs in a driver may take its time.
        """
        self._workers.remove(worker)
        self._selector.unregister(worker.socket)
        worker.kill()
        self._dying.append(worker)
        self._warm = {type_: each for type_, each in self._warm.items() if each is not worker}
        job, worker.job = worker.job, None
        if job is not None:
            self._fail(job, failure)
            if not self._closing:
                self._start(worker.lane)
        elif not worker.ready:  # each attempt costs one call, so that a broken pack cannot loop
            self._fail_next(worker.lane, failure)

    def _end(self) -> None:
        """Leave nobody waiting, whether all is over or the supervision itself broke."""
        with self._lock:
            self._closing = True
            self._fail_waiting()
            for worker in list(self._workers):
                self._dismiss(worker, _CLOSED)
        self._call_back()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    # -------------------------------------------------------------- with the lock

    def _feed(self, lane: str) -> None:
        """Give waiting jobs to idle workers."""
        waiting = self._waiting[lane] if lane in self._waiting else deque()
        idle = [each for each in self._workers if each.lane == lane and each.ready and each.job is None]
        while waiting and idle:
            job = waiting.popleft()
            warm = self._warm.get(job.call.spec.id)
            worker = warm if warm in idle else idle[-1]
            idle.remove(worker)
            self._warm[job.call.spec.id] = worker
            self._give(worker, job)
        if waiting:
            self._ring()

    def _give(self, worker: Worker, job: Job) -> None:
        if not worker.start(job):  # if it died, its socket says so first
            stuck = Failure("worker_died", "the worker process takes no calls")
            worker.deadline = Deadline(time.monotonic() + _EXIT_SECONDS, stuck)
            self._ring()
        elif job.timeout is not None:
            late = Failure("timed_out", f"the call took more than {job.timeout:g} s", _LATE_HINT)
            worker.deadline = Deadline(time.monotonic() + job.timeout, late)
            self._ring()

    def _fail(self, job: Job, failure: Failure) -> None:
        self._after.append(lambda: job.finish(failure))

    def _fail_next(self, lane: str, failure: Failure) -> None:
        if self._waiting.get(lane):
            self._fail(self._waiting[lane].popleft(), failure)

    def _fail_waiting(self) -> None:
        for waiting in self._waiting.values():
            while waiting:
                self._fail(waiting.popleft(), _CLOSED)

    def _ring(self) -> None:
        """Let the supervisor look at everything anew."""
        with suppress(BlockingIOError):  # it has not heard the last ring yet
            self._bell.send(b"!")

    def _call_back(self) -> None:
        """Make the callbacks that were put off; without the lock, as they may submit."""
        after, self._after = self._after, []
        for each in after:
            each()


def _not_started(reason: str) -> Failure:
    return Failure("worker_died", f"a worker process could not start: {reason}")


def _died(code: int | None) -> Failure:
    """Return what befell a call whose worker ended with an exit code, or the negative number of a signal."""
    if code is None:
        return Failure("worker_died", "the node cut its worker process off", _CRASH_HINT)
    if code >= 0:
        return Failure("worker_died", f"the node ended its worker process with exit code {code}", _CRASH_HINT)
    hint = _KILL_HINT if code == -signal.SIGKILL else _CRASH_HINT
    return Failure("worker_died", f"the worker process died of {signal.Signals(-code).name}", hint)
