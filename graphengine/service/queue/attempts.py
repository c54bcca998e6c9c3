"""The queue as workers see it: a job is claimed, kept alive, and ended, by the lease of one attempt."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from graphengine.errors import Failure, LeaseLost, ServiceError
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.events import Entry
from graphengine.service.job import Job, JsonObject, Lease
from graphengine.service.limits import Limits
from graphengine.service.queue import work
from graphengine.service.queue.leases import Leases
from graphengine.service.queue.pace import Pace
from graphengine.service.queue.work import Notes

_WAKING: Final = frozenset({"queued", "requeued", "resumed"})


class Attempts:
    """Jobs that begin, run and end.

    Whatever says how a run went needs the lease of its attempt, and raises ``LeaseLost`` when that is no longer
    the job's: then somebody else runs it, or it is over, and nothing was written. Everything is on the disk when
    a method returns; methods raise ``StoreUnavailable`` where the database fails, and have then done nothing.
    """

    def __init__(self, database: Database, limits: Limits, clock: Clock, pace: Pace) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock
        self._pace = pace
        self._leases = Leases(clock, limits.lease_seconds)
        database.listen(self._observe)

    async def claim(self, prefer: str = "") -> Job | None:
        """Begin the job whose turn it is, or return None where none waits or the queue is paused.

        Args:
            prefer: the weights that the worker has loaded; their jobs go first where that harms nobody.
        """
        future = self._database.submit(lambda tx: work.claim(tx, prefer, self._limits, self._now()))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._give_back)
            raise

    async def take(self, prefer: Callable[[], str] = str) -> Job:
        """Wait until there is a job to begin, and begin it: in the commit that brings it, if nothing waited before.

        Args:
            prefer: is asked each time, in another thread; see :meth:`claim`.
        """
        return await self._database.stand(
            lambda tx: work.claim(tx, prefer(), self._limits, self._now()), _brings_work, self._put_back
        )

    def renew(self, lease: Lease) -> None:
        """Say that the worker is alive; whoever is not heard of for the time of a lease counts as dead."""
        self._leases.renew(lease)

    async def told_to_stop(self, lease: Lease) -> None:
        """Wait until the job is cancelled, or the lease is lost."""
        await asyncio.shield(self._leases.stopped(lease))

    def when_told_to_stop(self, lease: Lease, act: Callable[[], None]) -> None:
        """Let ``act`` happen when the job is cancelled or the lease is lost, at the latest when the job is over."""
        self._leases.stopped(lease).add_done_callback(lambda _: act())

    async def record(self, lease: Lease, notes: Notes) -> None:
        """Log what happened in a run, and renew its lease."""
        self._leases.renew(lease)
        await self._database.write(lambda tx: work.record(tx, lease, notes, self._now()))

    async def finish(self, lease: Lease, result: JsonObject, notes: Notes = (), lock: JsonObject | None = None) -> Job:
        """Say that a run ended well.

        Args:
            notes: what happened in it and is not logged yet: it is, in the same commit; as for the other ends.
            lock: what made its results; as for the other ends.
        """
        return await self._database.write(lambda tx: work.finish(tx, lease, result, self._now(), notes, lock))

    async def fail(self, lease: Lease, failure: Failure, notes: Notes = (), lock: JsonObject | None = None) -> Job:
        """Say that a run failed; it is not tried again."""
        return await self._database.write(lambda tx: work.fail(tx, lease, failure, self._now(), notes, lock))

    async def stop(self, lease: Lease, notes: Notes = (), lock: JsonObject | None = None) -> Job:
        """Say that a run stopped because it was told to."""
        return await self._database.write(lambda tx: work.stop(tx, lease, self._now(), notes, lock))

    async def release(self, lease: Lease, notes: Notes = ()) -> Job:
        """Put a job back where it was, because the engine closes; it is not held against the job."""
        return await self._database.write(lambda tx: work.release(tx, lease, self._now(), notes))

    async def interrupt(self, lease: Lease) -> Job:
        """Put a job back whose worker is gone; the second time it has failed."""
        return await self._database.write(lambda tx: work.interrupt(tx, lease, self._limits, self._now()))

    async def expire(self) -> Sequence[Job]:
        """Interrupt the jobs whose workers were not heard of, and return them."""
        jobs = []
        for lease in self._leases.expired():
            with suppress(LeaseLost):
                jobs.append(await self.interrupt(lease))
        return jobs

    async def watch(self, seconds: float) -> None:
        """Expire leases every so many seconds, until cancelled; a failing database is waited for."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(ServiceError):
                await self.expire()

    def _now(self) -> int:
        return stamp(self._clock.now())

    def _give_back(self, claimed: "asyncio.Future[Job | None]") -> None:
        """Put back what was claimed for a caller that is gone."""
        if claimed.cancelled() or claimed.exception() is not None:
            return
        job = claimed.result()
        if job is not None:
            self._put_back(job)

    def _put_back(self, job: Job) -> None:
        """Put a job back that nobody runs; if that fails, the lease expires."""
        with suppress(ServiceError):
            self._database.submit(lambda tx: work.release(tx, job.lease, self._now()))

    def _observe(self, outbox: Iterable[Any]) -> None:
        """Keep the leases as the log says, whoever caused it."""
        for entry in outbox:
            match entry:
                case Entry(kind="started", data={"attempt": int(attempt)}):
                    self._leases.give(Lease(entry.job, attempt))
                    self._pace.claimed()
                case Entry(kind="cancelling"):
                    self._leases.stop(entry.job)
                case Entry(kind="requeued" | "finished"):
                    self._leases.end(entry.job)
                case _:
                    pass


def _brings_work(transaction: Transaction) -> bool:
    """Return whether a job may begin after a transaction that could not before."""
    return any(isinstance(each, Entry) and each.kind in _WAKING for each in transaction.outbox)
