"""One attempt at one job: from the stored document to its end in the queue."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final, TypeVar, assert_never

from graphengine.errors import Failure, LeaseLost, StoreUnavailable, WorkflowError
from graphengine.files.atomic import remove_leftovers
from graphengine.run.messages import (
    Event,
    RunFinished,
    RunStarted,
    TaskCached,
    TaskExpanded,
    TaskFailed,
    TaskFinished,
    TaskOutput,
    TaskPreview,
    TaskProgress,
    TaskRetried,
    TaskSkipped,
    TaskSpan,
    TaskStarted,
)
from graphengine.run.runner import Run, RunResult
from graphengine.service.assets import Assets
from graphengine.service.coalesce import Coalescer
from graphengine.service.job import Job
from graphengine.service.journal import Journal
from graphengine.service.live import LiveFeed
from graphengine.service.outcome import outcome
from graphengine.service.proofs import Proofs
from graphengine.service.queue.work import Notes
from graphengine.service.retention.names import folder_of
from graphengine.service.runner import Ready, Runner
from graphengine.service.store import Store

T = TypeVar("T")

RETRY: Final = 0.5
"""The seconds after which a failing database is tried again."""

_LOG = logging.getLogger(__name__)

_BROKEN = Failure("engine_failed", "the engine failed while it ran the job; its log says why")
_STOPPED = Failure("cancelled", "the run was stopped by one of its nodes")


@dataclass(frozen=True)
class Workplace:
    """Where jobs are run: what attempts share."""

    store: Store
    runner: Runner
    feed: LiveFeed
    assets: Assets
    outputs: Path

    @cached_property
    def proofs(self) -> Proofs:
        """What is proven here, and was lately."""
        return Proofs(self.runner)

    def folder(self, job: str) -> Path:
        """Return where the sinks of a job write."""
        return self.outputs / folder_of(job)


class Attempt:
    """Runs one job, and says in the queue what became of it.

    Args:
        idle: is called once, when nothing is left to run: before the end is on the disk, so that the next job's
            beginning may be written together with it.
    """

    def __init__(self, place: Workplace, job: Job, idle: Callable[[], None]) -> None:
        self.job = job
        self._place = place
        self._idle = idle
        self._attempts = place.store.attempts
        self._journal = Journal(lambda output: place.assets.adopt(output.file.path, output.file.digest), self._rung)
        self._live = Coalescer(lambda event: place.feed.tell(job.id, job.owner, event))
        self._failure: Failure | None = None
        self._run: Run | None = None
        self._recorder: asyncio.Task[None] | None = None
        self._closing = False
        self._told = False
        self._retried = False
        self._over = False

    def close(self) -> None:
        """Stop because the engine closes: the job goes back into the queue."""
        self._closing = True
        self._cancel()

    async def run(self) -> None:
        """Run to the end; whatever happens, the job is not left behind while the database can be written."""
        lease, attempts = self.job.lease, self._attempts
        pulse = _Pulse(self._place.store.queue.limits.lease_seconds / 4, lambda: attempts.renew(lease))
        try:
            attempts.when_told_to_stop(lease, self._obey)
            ready = await self._prepare()
            if ready is not None:
                await self._carry_out(ready)
        except LeaseLost as error:
            _LOG.warning("%s", error)
        except Exception:  # noqa: BLE001 - whatever it is, one job fails, and not the service
            _LOG.exception("the engine failed at the job %s", self.job.id)
            with suppress(LeaseLost):
                await self._end(lambda notes: attempts.fail(lease, _BROKEN, notes))
        finally:
            self._over = True
            self._run = None  # its log goes now: what wakes the recorder keeps this in a circle
            pulse.close()
            self._live.close()
            self._journal.close()
            self._leave()

    async def _prepare(self) -> Ready | None:
        """Return the planned job, or None where it has failed already: the world has changed since it was accepted."""
        job, proofs = self.job, self._place.proofs
        ready = proofs.take(job)
        if ready is None:
            document = await self._insist(lambda: self._place.store.document(job.workflow))
            try:
                ready = await proofs.make(document, job.inputs, job.targets)
            except WorkflowError as error:
                failure = Failure("invalid_input", "; ".join(str(problem) for problem in error.problems[:5]))
                await self._end(lambda notes: self._attempts.fail(job.lease, failure, notes))
                return None
        if job.attempt > 1:  # sinks are called again: what they wrote before would be there twice
            await asyncio.to_thread(shutil.rmtree, self._place.folder(job.id), ignore_errors=True)
        return ready

    async def _carry_out(self, ready: Ready) -> None:
        folder = self._place.folder(self.job.id)
        self._run = self._place.runner.start(
            ready.workflow, ready.plan, folder, self._observe, previews=True, origin=ready.origin
        )
        if self._told or self._closing:
            self._run.cancel()
        try:
            result = await self._run.result()
            self._leave()
            self._journal.close()
            if self._recorder is not None:
                await self._recorder  # it raises what has kept it from recording
        finally:
            if self._recorder is not None:
                self._recorder.cancel()
        await self._conclude(ready, result)

    async def _conclude(self, ready: Ready, result: RunResult) -> None:
        lease, attempts = self.job.lease, self._attempts
        lock = None if self._run is None else self._run.info.lock
        if result.status != "done" or self._retried:  # a worker may have been killed while it was writing
            await asyncio.to_thread(remove_leftovers, self._place.folder(self.job.id))
        match result.status:
            case "done":
                files = self._journal.files
                left = partial(outcome, ready.plan, result.outputs, files)  # by then, all files are among them
                await self._end(lambda notes: attempts.finish(lease, left(), notes, lock))
            case "failed":
                failure = self._failure or _BROKEN
                await self._end(lambda notes: attempts.fail(lease, failure, notes, lock))
            case "cancelled" if self._told:
                await self._end(lambda notes: attempts.stop(lease, notes, lock))
            case "cancelled" if self._closing:
                await self._end(lambda notes: attempts.release(lease, notes))
            case "cancelled":
                await self._end(lambda notes: attempts.fail(lease, _STOPPED, notes, lock))

    def _observe(self, event: Event) -> None:
        match event:
            case TaskProgress() | TaskPreview():
                self._live.offer(event)
            case TaskFinished() | TaskFailed():
                self._live.finish(event.task)
                if isinstance(event, TaskFailed) and self._failure is None:
                    self._failure = event.failure
                self._journal.note(event)
            case TaskStarted() | TaskCached() | TaskSkipped() | TaskOutput():
                self._journal.note(event)
            case TaskRetried():
                self._retried = True
                self._live.forget(event.task)
            case RunStarted() | RunFinished() | TaskExpanded() | TaskSpan():
                pass
            case _:
                assert_never(event)

    def _leave(self) -> None:
        idle, self._idle = self._idle, _nothing
        idle()

    def _cancel(self) -> None:
        if self._run is not None and not self._over:
            self._run.cancel()

    # -------------------------------------------------------------- beside the run

    def _obey(self) -> None:
        """Stop the run when the job is cancelled, or is somebody else's."""
        self._told = True
        self._cancel()

    def _rung(self) -> None:
        """Log what has happened by now."""
        if self._recorder is None:
            self._recorder = asyncio.create_task(self._record())
            self._recorder.add_done_callback(self._recorder_ended)

    async def _record(self) -> None:
        while len(self._journal):
            await self._write(await self._journal.take())

    def _recorder_ended(self, recorder: "asyncio.Task[None]") -> None:
        if recorder.cancelled():
            return
        if recorder.exception() is None:
            self._recorder = None
        else:
            self._cancel()  # nobody would hear of what it does

    async def _write(self, notes: Notes) -> None:
        await self._insist(lambda: self._attempts.record(self.job.lease, notes))

    async def _end(self, act: Callable[[Notes], Awaitable[Job]]) -> None:
        """Log what is not logged yet, and how the job ended: together, for then it is one commit."""
        notes = await self._journal.take()
        while len(self._journal):
            await self._write(notes)
            notes = await self._journal.take()
        await self._insist(lambda: act(notes))

    async def _insist(self, act: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await act()
            except StoreUnavailable as error:
                _LOG.warning("the job %s waits: %s", self.job.id, error)
                await asyncio.sleep(RETRY)


class _Pulse:
    """Keeps a lease alive until it is closed, or the lease is lost: then the run is told to stop anyway."""

    def __init__(self, seconds: float, renew: Callable[[], None]) -> None:
        self._seconds = seconds
        self._renew = renew
        self._timer = asyncio.get_running_loop().call_later(seconds, self._beat)

    def close(self) -> None:
        """Let the lease end."""
        self._timer.cancel()

    def _beat(self) -> None:
        with suppress(LeaseLost):
            self._renew()
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._beat)


def _nothing() -> None:
    """Do nothing."""
