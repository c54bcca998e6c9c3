"""The supervision of actors: who does what, and what becomes of a call whose actor, or its node, is lost."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from graphengine.errors import Failure
from graphengine.run.executors.base import Outcome
from graphengine.run.executors.process.failures import CANCELLED, CLOSED, deaf, late
from graphengine.run.executors.process.patience import Deadline, Patience
from graphengine.run.executors.ray.affinity import Affinity
from graphengine.run.executors.ray.job import Job
from graphengine.run.executors.ray.worker import Gone, Worker

_LOG = logging.getLogger(__name__)

_LOSSES = 3  # how often a call may be lost: one that ends its node itself must not go through the whole cluster

_LOST = Failure(
    "worker_died",
    f"the node of the cluster that made the call was lost, {_LOSSES} times",
    "The call itself may be too much for it.",
)


class Pool:
    """Workers by lane, each started when it is first needed, and replaced when it dies.

    A worker has a thread of its own, which sleeps while the actor works.

    Args:
        hire: returns a new worker for a lane.
        slots: how many workers a lane has at most.
    """

    def __init__(self, hire: Callable[[str], Worker], slots: Mapping[str, int], patience: Patience) -> None:
        self._hire = hire
        self._slots = slots
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: Mapping[str, deque[Job]] = {lane: deque() for lane in slots}
        self._workers: dict[Worker, threading.Thread] = {}
        self._affinity = Affinity()
        self._closing = False

    # -------------------------------------------------------------- from any thread

    def submit(self, job: Job) -> None:
        """Give a job to an idle worker, or let it wait for one."""
        with self._lock:
            refused = self._refusal(job)
            if refused is None:
                self._waiting[job.lane].append(job)
                self._feed(job.lane)
        if refused is not None:
            job.end(refused)

    def cancel(self, job: Job) -> None:
        """Notice that calls were cancelled.

        A job of which nobody wants anything any more is taken back if it waits; if it runs it is asked to stop, and
        given some time for that.
        """
        with self._lock:
            taken_back = job.unwanted and job in self._waiting[job.lane]
            if taken_back:
                self._waiting[job.lane].remove(job)
            for worker in self._workers:
                if worker.job is job:
                    self._cancel(worker, job)
        if taken_back:
            job.end(CANCELLED)

    def close(self) -> None:
        """End all workers, after a moment for the calls that run."""
        with self._lock:
            self._closing = True
            waiting = [job for each in self._waiting.values() for job in each]
            for each in self._waiting.values():
                each.clear()
            threads = list(self._workers.values())
            for worker in self._workers:
                worker.inbox.put(None)
                if worker.job is not None:
                    self._hurry(worker, worker.job, self._patience.close)
        for job in waiting:
            job.end(CLOSED)
        for thread in threads:
            thread.join()

    # -------------------------------------------------------------- the thread of a worker

    def _live(self, worker: Worker) -> None:
        gone = Gone(CLOSED)
        try:
            worker.open(self._patience.start, lambda: self._closing)
            self._ready(worker)
            while self._serve(worker):
                pass
        except Gone as reason:
            gone = reason
        except Exception as error:  # noqa: BLE001 - logged; whatever it is, nobody may be left waiting
            _LOG.exception("a worker cannot be served any more")
            gone = Gone(Failure("worker_died", f"the cluster cannot be used: {type(error).__name__}: {error}"))
        self._bury(worker, gone)

    def _serve(self, worker: Worker) -> bool:
        """Make the next call; in a function of its own, as a thread that waits must hold no values."""
        job = worker.inbox.get()
        if job is None:
            return False
        self._finish(worker, job, worker.call(job))
        return True

    def _ready(self, worker: Worker) -> None:
        with self._lock:
            worker.ready = True
            self._feed(worker.lane)

    def _finish(self, worker: Worker, job: Job, outcomes: Sequence[Outcome] | Failure) -> None:
        with self._lock:
            worker.job = None
            self._feed(worker.lane)
        job.end(outcomes)

    def _bury(self, worker: Worker, gone: Gone) -> None:
        """Decide about the call of a worker that is no more; another worker takes its place."""
        worker.end()
        with self._lock:
            del self._workers[worker]
            self._affinity.forget(worker)
            job, failure = worker.job, gone.failure
            if job is None and failure is not None and not worker.ready and self._waiting[worker.lane]:
                job = self._waiting[worker.lane].popleft()  # each attempt costs a call, so a broken pack cannot loop
            if job is not None and failure is None:
                failure = self._again(job, gone)
            self._feed(worker.lane)
        if job is not None and failure is not None:
            job.end(failure)

    # -------------------------------------------------------------- with the lock

    def _refusal(self, job: Job) -> Failure | None:
        if self._closing:
            return CLOSED
        return CANCELLED if job.unwanted else None

    def _again(self, job: Job, gone: Gone) -> Failure | None:
        """Let a lost job wait for another worker, before all others; or return what it fails with."""
        job.losses += gone.begun
        failure = self._refusal(job) or (_LOST if job.losses >= _LOSSES else None)
        if failure is None:
            self._waiting[job.lane].appendleft(job)
        return failure

    def _feed(self, lane: str) -> None:
        """Give waiting jobs to idle workers, and hire if there are too few."""
        if self._closing:
            return
        waiting = self._waiting[lane]
        mine = [each for each in self._workers if each.lane == lane]
        idle = [each for each in mine if each.ready and each.job is None]
        while waiting and idle:
            job = waiting.popleft()
            worker = self._affinity.choose(idle, job.traces)
            idle.remove(worker)
            self._give(worker, job)
        coming = sum(not each.ready for each in mine)
        for _ in range(min(len(waiting) - coming, self._slots[lane] - len(mine))):
            hired = self._hire(lane)
            thread = threading.Thread(target=self._live, args=(hired,), name="graphengine-ray", daemon=True)
            self._workers[hired] = thread
            thread.start()

    def _give(self, worker: Worker, job: Job) -> None:
        self._affinity.note(worker, job.traces)
        worker.job = job
        job.deadline = None if job.timeout is None else Deadline(time.monotonic() + job.timeout, late(job.timeout))
        worker.inbox.put(job)
        if job.cancelled:  # some of several, while it waited
            self._cancel(worker, job)

    def _cancel(self, worker: Worker, job: Job) -> None:
        if job.unwanted:
            self._hurry(worker, job, self._patience.cancel)
            return
        for number in job.cancelled:
            worker.cancel(number)

    def _hurry(self, worker: Worker, job: Job, seconds: float) -> None:
        deadline = Deadline(time.monotonic() + seconds, deaf(seconds))
        job.deadline = min(job.deadline or deadline, deadline, key=lambda each: each.time)
        for number in job.calls:
            worker.cancel(number)
