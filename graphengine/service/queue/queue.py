"""The queue as clients see it: jobs are submitted, looked at, cancelled, moved and forgotten."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Literal, TypeVar

from graphengine.errors import ServiceError
from graphengine.service.canonical import QUICK_LENGTH, is_short
from graphengine.service.clock import Clock, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.documents import Content
from graphengine.service.job import Batch, Job, Submission
from graphengine.service.limits import Limits
from graphengine.service.queue import control, listing, records, removal, submit
from graphengine.service.queue.listing import Filter, Page, QueueStatus
from graphengine.service.queue.pace import Pace
from graphengine.service.queue.submit import Accepted, AcceptedBatch, Prepared
from graphengine.service.spread import Spread

T = TypeVar("T")

ALL = Filter()
_PRUNE_EVERY = 500  # log entries


class Queue:
    """Jobs that wait, run, or are over.

    What a method did is on the disk when it returns. Methods raise ``StoreUnavailable`` where the database fails,
    and have then done nothing.
    """

    def __init__(self, database: Database, limits: Limits, clock: Clock, pace: Pace) -> None:
        self.limits = limits
        self._database = database
        self._clock = clock
        self._pace = pace
        self._unpruned = _PRUNE_EVERY  # the first entry after a start looks already
        database.listen(self._observe)

    async def submit(self, submission: Submission, *, ours: bool = False, content: Content | None = None) -> Accepted:
        """Queue a job, unless the same submission was accepted before; after this it will not be lost.

        Args:
            ours: whether the service itself chose the id, which may then hold a ``~``.
            content: the workflow as it is kept, if that is known already.

        Raises:
            Conflict: the id belongs to another submission.
            QueueFull: too many jobs wait.
            Unacceptable: the submission has a wrong form.
        """
        prepare = partial(Prepared.of, submission, None, self.limits, ours=ours, content=content)
        quick = is_short(submission.inputs, QUICK_LENGTH) and (
            content is not None or is_short(submission.workflow, QUICK_LENGTH)
        )
        prepared = prepare() if quick else await asyncio.to_thread(prepare)
        retry_after = self._pace.seconds(1)
        return await self._act(lambda tx, now: submit.accepted_job(tx, prepared, self.limits, retry_after, now))

    async def submit_batch(
        self, submission: Submission, spread: Spread, *, content: Content | None = None
    ) -> AcceptedBatch:
        """Queue a job for each combination of inputs, all of them or none; see :meth:`submit`."""
        prepared = await asyncio.to_thread(Prepared.of, submission, spread, self.limits, ours=False, content=content)
        retry_after = self._pace.seconds(len(prepared.inputs))
        return await self._act(lambda tx, now: submit.accepted_batch(tx, prepared, self.limits, retry_after, now))

    async def cancel(self, id_: str) -> Job:
        """Cancel a job that waits, or tell one that runs to stop; on one that is over it has no effect.

        Raises:
            NotFound: there is no such job.
        """
        return await self._act(lambda tx, now: control.cancel(tx, id_, now))

    async def cancel_batch(self, id_: str) -> Sequence[Job]:
        """Cancel the jobs of a batch that are not over, and return them.

        Raises:
            NotFound: there is no such batch.
        """
        return await self._act(lambda tx, now: control.cancel_batch(tx, id_, now))

    async def retry(self, id_: str) -> Job:
        """Queue a job again that failed or was cancelled, behind those that wait.

        Raises:
            NotFound: there is no such job.
            Conflict: it waits, runs or is done.
            QueueFull: too many jobs wait.
        """
        retry_after = self._pace.seconds(1)
        return await self._act(lambda tx, now: control.retry(tx, id_, self.limits, retry_after, now))

    async def move_to_front(self, id_: str) -> Job:
        """Let a waiting job be the next of its owner and priority.

        Raises:
            NotFound: there is no such job.
            Conflict: it does not wait.
        """
        return await self._act(lambda tx, now: control.move_to_front(tx, id_, now))

    async def move_before(self, id_: str, other: str) -> Job:
        """Let a waiting job go right before another of its owner, with that one's priority.

        Raises:
            NotFound: there is no such job.
            Conflict: one of them does not wait, or they have different owners.
        """
        return await self._act(lambda tx, now: control.move_before(tx, id_, other, now))

    async def prioritize(self, id_: str, priority: int) -> Job:
        """Give a waiting job another priority.

        Raises:
            NotFound: there is no such job.
            Conflict: it does not wait.
            Unacceptable: there is no such priority.
        """
        return await self._act(lambda tx, now: control.prioritize(tx, id_, priority, now))

    async def pause(self) -> None:
        """Let no job begin until :meth:`resume`, also after a restart; what runs goes on."""
        await self._act(lambda tx, now: control.pause(tx, now, paused=True))

    async def resume(self) -> None:
        """Let jobs begin again."""
        await self._act(lambda tx, now: control.pause(tx, now, paused=False))

    async def delete(self, id_: str) -> None:
        """Forget a job that is over.

        Raises:
            NotFound: there is no such job.
            Conflict: it waits or runs.
        """
        await self._act(lambda tx, now: removal.delete(tx, id_, now))

    async def delete_ended(self, owner: str | None = None) -> int:
        """Forget the jobs that are over, of one owner or of all, and return how many they were."""
        total = 0
        while removed := await self._act(lambda tx, now: removal.delete_ended(tx, owner, now)):
            total += removed
        return total

    async def get(self, id_: str) -> Job:
        """Return a job.

        Raises:
            NotFound: there is no such job.
        """
        return await self._database.read(lambda connection: records.find_job(connection, id_))

    async def batch(self, id_: str) -> Batch:
        """Return a batch.

        Raises:
            NotFound: there is no such batch.
        """
        return await self._database.read(lambda connection: records.find_batch(connection, id_))

    async def list(
        self,
        wanted: Filter = ALL,
        *,
        limit: int = 100,
        cursor: str | None = None,
        order: Literal["newest", "oldest"] = "newest",
    ) -> Page:
        """Return a page of jobs, by when they were submitted; go on with the page's cursor.

        Raises:
            Unacceptable: the cursor is not one of ours, or the limit out of range.
        """
        return await self._database.read(lambda connection: listing.list_jobs(connection, wanted, limit, cursor, order))

    async def upcoming(self, limit: int = 100) -> Sequence[Job]:
        """Return the jobs that wait, in the order in which they will begin if nothing comes between."""
        return await self._database.read(lambda connection: listing.upcoming(connection, limit))

    async def status(self) -> QueueStatus:
        """Return whether the queue is paused, and how many jobs are in each state."""
        return await self._database.read(listing.status)

    async def prune(self) -> None:
        """Forget what is older than the limits say, bit by bit; it happens by itself now and then."""
        while await self._database.write(lambda tx: removal.prune(tx, self.limits)):
            pass

    async def _act(self, act: Callable[[Transaction, int], T]) -> T:
        return await self._database.write(lambda tx: act(tx, stamp(self._clock.now())))

    def _observe(self, outbox: Sequence[Any]) -> None:
        self._unpruned += len(outbox)
        if self._unpruned >= _PRUNE_EVERY:
            self._unpruned = 0
            self._prune_behind()

    def _prune_behind(self) -> None:
        with suppress(ServiceError):  # the next start goes on
            self._database.submit(lambda tx: removal.prune(tx, self.limits)).add_done_callback(self._pruned)

    def _pruned(self, act: "asyncio.Future[bool]") -> None:
        if not act.cancelled() and act.exception() is None and act.result():
            self._prune_behind()
