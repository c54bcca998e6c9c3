"""The supervision of workers: who does what, what becomes of a call whose worker dies, and when one must."""

import logging
import math
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from graphengine.errors import Failure
from graphengine.node.spec import Lane, NodeSpec
from graphengine.run.executors.process.failures import (
    CANCELLED,
    CLOSED,
    STUCK,
    UNINTELLIGIBLE,
    deaf,
    died,
    late,
    not_started,
)
from graphengine.run.executors.process.job import Errand
from graphengine.run.executors.process.patience import Deadline, Patience
from graphengine.run.executors.process.wire import Answer, Broken, Ready, Told
from graphengine.run.executors.process.worker import Worker

_LOG = logging.getLogger(__name__)

_CHECK_SECONDS = 0.5  # how often workers are looked after: a child may hold the socket of a dead one open
_REAP_SECONDS = 0.02  # how often one is that was killed
_WAIT_SECONDS = 0.1  # for an idle worker, before another is hired: that takes seconds, and most calls milliseconds
_EXIT_SECONDS = 1.0  # what a process that has closed its socket may take to be gone
_AGAIN_SECONDS = 5.0  # how often a worker is tried when none could start, whether or not a call waits for one


class Pool:
    """Workers by lane, each started when it is first needed, and replaced when it dies.

    One thread waits for all workers; whoever submits or cancels only sends a message and goes on.

    Args:
        hire: starts a worker for a lane.
        bury: clears up behind a worker that has ended.
        met: is told the digest of the catalogue of each worker that comes, before it is given anything to do.
        slots: how many workers a lane has at most; a lane that is not named shares those of ``cpu``.
    """

    def __init__(
        self,
        hire: Callable[[str], Worker],
        bury: Callable[[Worker], None],
        met: Callable[[str], None],
        slots: Mapping[str, int],
        patience: Patience,
    ) -> None:
        self._hire = hire
        self._bury = bury
        self._met = met
        self._slots = slots
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Errand]] = {}
        self._workers: list[Worker] = []
        self._dying: list[Worker] = []
        self._warm: dict[str, Worker] = {}  # who made the last call of a type of node
        self._after: list[Callable[[], object]] = []  # callbacks of the thread, in order, until it frees the lock
        self._barred: str | None = None  # a lane for which no worker could start, while none has started since
        self._again = math.inf  # when one is tried there
        self._look = math.inf  # when the thread must look at everything, if nobody rings before
        self._closing = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._supervise, name="graphengine-workers", daemon=True)
        self._thread.start()

    # -------------------------------------------------------------- from any thread

    def submit(self, job: Errand) -> None:
        """Give a job to an idle worker, or let it wait for one."""
        refused = None
        with self._lock:
            if self._closing:
                refused = CLOSED
            elif job.unwanted:
                refused = CANCELLED
            else:
                lane = self._lane(job.lane)
                job.since = time.monotonic()
                self._waiting.setdefault(lane, deque()).append(job)
                self._feed(lane)
        if refused is not None:
            job.finish(refused)

    def cancel(self, job: Errand) -> None:
        """Notice that calls were cancelled.

        A job of which nobody wants anything any more is taken back if it waits; if it runs it is asked to stop, and
        given some time for that.
        """
        with self._lock:
            waiting = self._waiting.get(self._lane(job.lane), deque())
            taken_back = job.unwanted and job in waiting
            if taken_back:
                waiting.remove(job)
            for worker in self._workers:
                if worker.job is job:
                    self._cancel(worker, job)
        if taken_back:
            job.finish(CANCELLED)

    def foresee(self, spec: NodeSpec, message: bytes) -> None:
        """Pass a hint on to the worker that would be given a call of this node, if one is ready."""
        with self._lock:
            ready = [each for each in self._workers if each.lane == self._lane(spec.lane) and each.ready]
            if ready:
                warm = self._warm.get(spec.id)
                (warm if warm in ready else ready[-1]).foresee(message)

    @property
    def ailment(self) -> str:
        """Why no call can be made, or nothing."""
        if not self._thread.is_alive():
            return "nobody looks after the worker processes"
        return "" if self._barred is None else "no worker process can start"

    def close(self) -> None:
        """End all workers, after a moment for the calls that run."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self._fail_waiting()
                for worker in self._workers:
                    if worker.job is not None:
                        self._hurry(worker, worker.job, self._patience.close)
                self._look_by(time.monotonic())
        self._thread.join()

    def _cancel(self, worker: Worker, job: Errand) -> None:
        if job.unwanted:
            self._hurry(worker, job, self._patience.cancel)
            return
        for number in job.cancelled:
            worker.cancel(number)

    def _hurry(self, worker: Worker, job: Errand, seconds: float) -> None:
        for number in job.calls:
            worker.cancel(number)
        deadline = Deadline(time.monotonic() + seconds, deaf(seconds))
        self._allow(worker, min(worker.deadline or deadline, deadline, key=lambda each: each.time))

    # -------------------------------------------------------------- the supervisor's thread

    def _supervise(self) -> None:
        try:
            while not self._over():
                pause = self._look - time.monotonic()
                for key, _ in self._selector.select(None if pause == math.inf else max(0.0, pause)):
                    with self._lock:
                        self._hear(key.data)
                    self._call_back()
                if self._look <= time.monotonic():
                    with self._lock:
                        self._tend()
                    self._call_back()
        finally:
            self._end()

    def _over(self) -> bool:
        return self._closing and not self._workers and not self._dying

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
                self._dismiss(worker, died(worker.exit_code(_EXIT_SECONDS)))

    def _take(self, worker: Worker, message: object) -> None:
        job = worker.job
        match message:
            case Ready(digest):
                worker.ready = True
                self._barred = None
                worker.deadline = None
                if digest:
                    self._after.append(lambda: self._met(digest))  # first: who has waited for a worker may ask
                self._feed(worker.lane)
            case Told():
                if job is not None:
                    self._after.append(lambda: job.tell(message))
            case Answer(number) if job is not None and job.number == number:
                worker.job = None
                worker.deadline = None
                self._feed(worker.lane)
                self._after.append(lambda: job.finish(message))
            case Broken(reason):
                self._dismiss(worker, not_started(reason))
            case _:
                self._dismiss(worker, UNINTELLIGIBLE)

    def _tend(self) -> None:
        """Look at everything that time changes, and whether workers are missing."""
        now = time.monotonic()
        self._look = math.inf
        for worker in list(self._workers):
            code = worker.exit_code()
            if code is not None:
                self._dismiss(worker, died(code))
            elif worker.deadline is not None and worker.deadline.time <= now:
                self._dismiss(worker, worker.deadline.failure)
            elif self._closing and worker.job is None:
                self._dismiss(worker, CLOSED)
        for worker in [each for each in self._dying if each.exit_code() is not None]:
            self._dying.remove(worker)
            self._bury(worker)
        for lane, waiting in self._waiting.items():
            mine = [each for each in self._workers if each.lane == lane]
            coming = sum(not each.ready for each in mine)
            wanted = sum(self._worth(job, mine) <= now for job in waiting)
            for _ in range(min(wanted - coming, self._slots[lane] - len(mine))):
                self._start(lane)
        if self._barred is not None and self._again <= now and not self._closing:
            self._again = now + _AGAIN_SECONDS
            if all(worker.ready for worker in self._workers):
                self._start(self._barred)
        self._look = min(
            [each.deadline.time for each in self._workers if each.deadline is not None]
            + [now + _CHECK_SECONDS] * bool(self._workers)
            + [now + _WAIT_SECONDS] * any(self._waiting.values())
            + [now + _REAP_SECONDS] * bool(self._dying)
            + [self._again] * (self._barred is not None),
            default=math.inf,
        )

    def _start(self, lane: str) -> None:
        try:
            worker = self._hire(lane)
        except OSError as error:
            self._bar(lane, not_started(error.strerror or "no reason is known"))
            return
        self._workers.append(worker)
        seconds = self._patience.start
        self._allow(worker, Deadline(time.monotonic() + seconds, not_started(f"it took more than {seconds:g} s")))
        self._selector.register(worker.socket, selectors.EVENT_READ, worker)

    def _dismiss(self, worker: Worker, failure: Failure) -> None:
        """End a worker; its call fails, and another takes its place.

        The call does not wait for the end of the process: one that hangs in a driver may take its time.
        """
        self._workers.remove(worker)
        self._selector.unregister(worker.socket)
        worker.kill()
        self._dying.append(worker)
        self._look_by(time.monotonic() + _REAP_SECONDS)
        self._warm = {type_: each for type_, each in self._warm.items() if each is not worker}
        job, worker.job = worker.job, None
        if job is not None:
            self._fail(job, failure)
            if not self._closing:
                self._start(worker.lane)
        elif not worker.ready:  # each attempt costs one call, so that a broken pack cannot loop
            self._bar(worker.lane, failure)

    def _bar(self, lane: str, failure: Failure) -> None:
        """Note that no worker could start; a call that waits for it fails."""
        if not self._closing:
            if self._barred is None:
                _LOG.warning("%s", failure.message)
                self._again = time.monotonic() + _AGAIN_SECONDS
            self._barred = lane
            self._look_by(self._again)
        self._fail_next(lane, failure)

    def _end(self) -> None:
        """Leave nobody waiting, whether all is over or the supervision itself broke."""
        with self._lock:
            self._closing = True
            self._fail_waiting()
            for worker in list(self._workers):
                self._dismiss(worker, CLOSED)
        self._call_back()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    # -------------------------------------------------------------- with the lock

    def _lane(self, lane: Lane) -> str:
        return lane if lane in self._slots else "cpu"

    def _feed(self, lane: str) -> None:
        """Give waiting jobs to idle workers."""
        waiting = self._waiting[lane] if lane in self._waiting else deque()
        idle = [each for each in self._workers if each.lane == lane and each.ready and each.job is None]
        while waiting and idle:
            job = waiting.popleft()
            warm = self._warm.get(job.key)
            worker = warm if warm in idle else idle[-1]
            idle.remove(worker)
            self._warm[job.key] = worker
            self._give(worker, job)
        mine = [each for each in self._workers if each.lane == lane]
        if waiting and len(mine) < self._slots[lane]:
            self._look_by(self._worth(waiting[0], mine))

    def _worth(self, job: Errand, workers: Sequence[Worker]) -> float:
        """Return when a job that waits is worth a worker more: at once only if there is none."""
        return job.since + (_WAIT_SECONDS if workers else 0.0)

    def _give(self, worker: Worker, job: Errand) -> None:
        if not worker.start(job):  # if it died, its socket says so first
            self._allow(worker, Deadline(time.monotonic() + _EXIT_SECONDS, STUCK))
            return
        if job.timeout is not None:
            self._allow(worker, Deadline(time.monotonic() + job.timeout, late(job.timeout)))
        if job.cancelled:  # some of several, while it waited
            self._cancel(worker, job)

    def _fail(self, job: Errand, failure: Failure) -> None:
        self._after.append(lambda: job.finish(failure))

    def _fail_next(self, lane: str, failure: Failure) -> None:
        if self._waiting.get(lane):
            self._fail(self._waiting[lane].popleft(), failure)

    def _fail_waiting(self) -> None:
        for waiting in self._waiting.values():
            while waiting:
                self._fail(waiting.popleft(), CLOSED)

    def _allow(self, worker: Worker, deadline: Deadline) -> None:
        worker.deadline = deadline
        self._look_by(deadline.time)

    def _look_by(self, when: float) -> None:
        """Let the thread look at everything then, or before."""
        if when < self._look:
            self._look = when
            with suppress(BlockingIOError):  # it has not heard the last ring yet
                self._bell.send(b"!")

    def _call_back(self) -> None:
        """Make the callbacks that were put off; without the lock, as they may submit."""
        after, self._after = self._after, []
        for each in after:
            each()
