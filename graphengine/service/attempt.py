"""One attempt at one job: from the stored document to its end in the queue."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
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
from graphengine.service.queue.work import Note
from graphengine.service.retention.names import folder_of
from graphengine.service.runner import Ready, Runner, make_ready
from graphengine.service.store import Store

T = TypeVar("T")

RETRY: Final = 0.5
"""The seconds after which a failing database is tried again."""

_LOG = logging.getLogger(__name__)

_BROKEN = Failure("engine_failed", "the engine failed while it ran the job; its log says why")
_STOPPED = Failure("cancelled", "the run was stopped by one of its nodes")


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where jobs are run: what attempts share."""

    store: Store
    runner: Runner
    feed: LiveFeed
    assets: Assets
    outputs: Path

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
        self._journal = Journal(lambda output: place.assets.adopt(output.file.path, output.file.digest))
        self._live = Coalescer(lambda event: place.feed.tell(job.id, job.owner, event))
        self._failure: Failure | None = None
        self._run: Run | None = None
        self._closing = False
        self._told = False
        self._retried = False

    def close(self) -> None:
        """Stop because the engine closes: the job goes back into the queue."""
        self._closing = True
        if self._run is not None:
            self._run.cancel()

    async def run(self) -> None:
        """Run to the end; whatever happens, the job is not left behind while the database can be written."""
        try:
            await self._to_the_end()
        except LeaseLost as error:
            _LOG.warning("%s", error)
        except Exception:  # noqa: BLE001 - whatever it is, one job fails, and not the service
            _LOG.exception("the engine failed at the job %s", self.job.id)
            with suppress(LeaseLost):
                await self._end(lambda: self._attempts.fail(self.job.lease, _BROKEN))
        finally:
            self._live.close()
            self._leave()

    async def _to_the_end(self) -> None:
        helpers = [asyncio.create_task(self._obey()), asyncio.create_task(self._keep_alive())]
        try:
            ready = await self._prepare()
            if ready is not None:
                await self._carry_out(ready)
        finally:
            for helper in helpers:
                helper.cancel()

    async def _prepare(self) -> Ready | None:
        """Return the planned job, or None where it has failed already: the world has changed since it was accepted."""
        job = self.job
        document = await self._insist(lambda: self._place.store.document(job.workflow))
        try:
            ready = await asyncio.to_thread(make_ready, self._place.runner, document, job.inputs, job.targets)
        except WorkflowError as error:
            failure = Failure("invalid_input", "; ".join(str(problem) for problem in error.problems[:5]))
            await self._end(lambda: self._attempts.fail(job.lease, failure))
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
        recorder = asyncio.create_task(self._record())
        recorder.add_done_callback(self._recorder_ended)
        try:
            result = await self._run.result()
            self._journal.close()
            self._leave()
            await recorder  # it raises what has kept it from recording
        finally:
            recorder.cancel()
        await self._conclude(ready, result)

    async def _conclude(self, ready: Ready, result: RunResult) -> None:
        lease, attempts = self.job.lease, self._attempts
        if result.status != "done" or self._retried:  # a worker may have been killed while it was writing
            await asyncio.to_thread(remove_leftovers, self._place.folder(self.job.id))
        match result.status:
            case "done":
                await self._end(
                    lambda: attempts.finish(lease, outcome(ready.plan, result.outputs, self._journal.files))
                )
            case "failed":
                failure = self._failure or _BROKEN
                await self._end(lambda: attempts.fail(lease, failure))
            case "cancelled" if self._told:
                await self._end(lambda: attempts.stop(lease))
            case "cancelled" if self._closing:
                await self._end(lambda: attempts.release(lease))
            case "cancelled":
                await self._end(lambda: attempts.fail(lease, _STOPPED))

    def _observe(self, event: Event) -> None:
        match event:
            case TaskProgress() | TaskPreview():
                self._live.offer(event)
            case TaskFinished() | TaskFailed():
                self._live.forget(event.task)
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

    # -------------------------------------------------------------- beside the run

    async def _obey(self) -> None:
        """Stop the run when the job is cancelled, or is somebody else's."""
        with suppress(LeaseLost):
            await self._attempts.told_to_stop(self.job.lease)
        self._told = True
        if self._run is not None:
            self._run.cancel()

    async def _keep_alive(self) -> None:
        """Renew the lease, four times as often as needed."""
        with suppress(LeaseLost):  # then the run is told to stop anyway
            while True:
                await asyncio.sleep(self._place.store.queue.limits.lease_seconds / 4)
                self._attempts.renew(self.job.lease)

    async def _record(self) -> None:
        """Log what happens while the run goes on."""
        while await self._journal.arrival():
            await self._write(await self._journal.take())

    def _recorder_ended(self, recorder: "asyncio.Task[None]") -> None:
        if not recorder.cancelled() and recorder.exception() is not None and self._run is not None:
            self._run.cancel()  # nobody would hear of what it does

    async def _write(self, notes: Sequence[Note]) -> None:
        if notes:
            await self._insist(lambda: self._attempts.record(self.job.lease, notes))

    async def _end(self, act: Callable[[], Awaitable[Job]]) -> None:
        """Log what is not logged yet, and how the job ended: together, for then it is one commit."""
        while len(self._journal):
            notes = await self._journal.take()
            if len(self._journal):
                await self._write(notes)
            else:
                await asyncio.gather(self._write(notes), self._insist(act))
                return
        await self._insist(act)

    async def _insist(self, act: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await act()
            except StoreUnavailable as error:
                _LOG.warning("the job %s waits: %s", self.job.id, error)
                await asyncio.sleep(RETRY)


def _nothing() -> None:
    """Do nothing."""
