"""Where what happens meets those who want to know: the log and the live feed in, streams of connections out.

Entries of the log wait in the log and nowhere else: a stream is told that there is something, and reads on from
its place when its client can take it. So a slow client costs its place, a number; and the queue of each client is
bounded by nature. Live messages wait in the stream, one for each job (and previewed task), the newest in place of
the one before.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

from graphengine.errors import NotFound, StoreUnavailable
from graphengine.run.messages import Event as RunEvent
from graphengine.run.messages import TaskPreview, TaskProgress
from graphengine.server.messages import MOST_JOBS, Event, Message, Preview, Progress, Step, Subscribe
from graphengine.server.shared import Shared
from graphengine.server.shown import job_view
from graphengine.server.topics import Index, Topic, topics_of
from graphengine.server.views import JobView
from graphengine.service.events import Entry, Gap
from graphengine.service.job import JobState
from graphengine.service.live import LiveFeed
from graphengine.service.queue.listing import Filter
from graphengine.service.store import Store

_LOG = logging.getLogger(__name__)

_OPEN: Final[frozenset[JobState]] = frozenset({"queued", "running"})
_SHARED: Final = 2_048
_TASK_OVER: Final = ("task_finished", "task_failed", "task_cached", "task_skipped")
_KEPT: Final = 64
"""Previews of tasks that are over, of one job: what a mapped node has shown may be thousands."""
_JOB_OVER: Final = ("finished", "requeued", "deleted")
_PATIENCE: Final = 1.0
_RUNNING: Final = 256


@dataclass(frozen=True, slots=True)
class HubLimits:
    """How much the hub takes.

    Attributes:
        behind: entries that a client may be behind before it is told to begin anew.
        subscriptions: of one connection.
        requests: that are answered at once, of one connection.
        live_seconds: the least between two live messages of one kind about one job.
        stall_seconds: how long one message may take to be sent.
        heartbeat_seconds: how often a client is asked whether it is there; it has half of that to answer.
    """

    behind: int = 100_000
    subscriptions: int = 1_000
    requests: int = 32
    live_seconds: float = 0.05
    stall_seconds: float = 8.0
    heartbeat_seconds: float = 6.0


class Stream(Protocol):
    """A connection as the hub sees it."""

    def alert(self, seq: int) -> None:
        """Say that there is an entry for this stream."""
        ...

    def offer(self, key: tuple[str, str], shared: Shared) -> None:
        """Hand over a live message, in place of one of the same key that still waits."""
        ...

    async def leave(self) -> None:
        """Send the client away, because the service ends."""
        ...


class _Job:
    """What is known of a running job that the log does not keep."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.steps: dict[str, Step] = {}
        self.previews: dict[str, Preview] = {}
        self.changed: set[str] = set()  # the tasks whose previews are not passed on yet; "" is for progress
        self.over: dict[str, None] = {}  # tasks that are over and have previews, in that order

    def shown_last(self, task: str) -> None:
        """Keep the preview of a task that is over for those who fetch it, as long as not many more come."""
        if task not in self.previews:
            return
        self.over[task] = None
        if len(self.over) > _KEPT:
            oldest = next(iter(self.over))
            del self.over[oldest]
            self.previews.pop(oldest, None)
            self.changed.discard(oldest)


class Hub:
    """One for a service; it takes no part in what a client asks for, only in what it is told."""

    def __init__(self, store: Store, feed: LiveFeed, limits: HubLimits | None = None) -> None:
        self.limits = limits or HubLimits()
        self.log = store.events
        self.reached = self.log.last
        """Streams were told of every entry up to this number."""
        self.streams: set[Stream] = set()
        self._queue = store.queue
        self._entries: Index[Stream] = Index()
        self._live: Index[Stream] = Index()
        self._shared: dict[int, Shared] = {}
        self._jobs: dict[str, _Job] = {}
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._deafen = feed.listen(self._heard)
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Let go of the log and of every client; these come again when there is a service again."""
        self._deafen()
        if self._timer is not None:
            self._timer.cancel()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await asyncio.gather(*[stream.leave() for stream in tuple(self.streams)])

    def enter(self, stream: Stream) -> None:
        """Take a stream in."""
        self.streams.add(stream)

    def leave(self, stream: Stream, topics: Sequence[Topic]) -> None:
        """Let a stream go."""
        self.streams.discard(stream)
        self.drop(stream, topics)

    def add(self, stream: Stream, topics: Sequence[Topic], *, live: bool) -> None:
        """Tell a stream of what comes under these topics."""
        self._entries.add(topics, stream)
        if live:
            self._live.add(topics, stream)

    def drop(self, stream: Stream, topics: Sequence[Topic]) -> None:
        """Tell a stream no more of what comes under these topics."""
        self._entries.remove(topics, stream)
        self._live.remove(topics, stream)

    def shared(self, entry: Entry) -> Shared:
        """Return the message for an entry, the same for every client."""
        found = self._shared.get(entry.seq)
        if found is None:
            message = Event(
                seq=entry.seq,
                epoch=self.log.epoch,
                job=entry.job,
                owner=entry.owner,
                kind=entry.kind,
                time=entry.time,
                data=dict(entry.data),
            )
            found = Shared(message, topics_of(entry.job, entry.owner))
            if len(self._shared) >= _SHARED:
                del self._shared[next(iter(self._shared))]
            self._shared[entry.seq] = found
        return found

    def preview(self, job: str, task: str) -> Preview | None:
        """Return the newest preview of a task that runs, for those who cannot get it in a message."""
        known = self._jobs.get(job)
        return None if known is None else known.previews.get(task)

    async def snapshot(self, subscriptions: Sequence[Subscribe], owner: str) -> tuple[list[JobView], bool]:
        """Return how the jobs of some subscriptions stand, and whether these are all of them."""
        found: dict[str, JobView] = {}
        complete = True
        for asked in subscriptions:
            if asked.job is not None:
                with suppress(NotFound):
                    found[asked.job] = job_view(await self._queue.get(asked.job))
                    continue
                wanted = Filter(batch=asked.job)
            else:
                wanted = Filter(states=_OPEN, owner=owner if asked.to == "own" else None)
            page = await self._queue.list(wanted, limit=MOST_JOBS)
            found |= {job.id: job_view(job) for job in page.jobs}
            complete = complete and page.cursor is None
        return list(found.values())[:MOST_JOBS], complete and len(found) <= MOST_JOBS

    async def _follow(self) -> None:
        while True:
            try:
                async for entry in self.log.follow(self.reached):
                    self._arrived(entry)
            except Gap:
                self.reached = self.log.last
                for stream in self.streams:
                    stream.alert(self.reached)
            except StoreUnavailable as error:
                _LOG.warning("the log cannot be read: %s", error)
                await asyncio.sleep(_PATIENCE)

    def _arrived(self, entry: Entry) -> None:
        self.reached = entry.seq
        known = self._jobs.get(entry.job)
        if known is not None and entry.kind in _JOB_OVER:
            self._pass_on(entry.job, known)  # the last picture of a task may be all that it was for
            del self._jobs[entry.job]
        elif known is not None and entry.kind in _TASK_OVER:
            task = str(entry.data.get("task"))
            known.steps.pop(task, None)
            known.shown_last(task)
        for stream in self._entries.find(topics_of(entry.job, entry.owner)):
            stream.alert(entry.seq)

    def _heard(self, job: str, owner: str, event: RunEvent) -> None:
        match event:
            case TaskProgress():
                known = self._known(job, owner)
                known.steps[event.task] = Step(step=event.step, total=event.total, message=event.message)
                known.changed.add("")
            case TaskPreview():
                known = self._known(job, owner)
                known.previews[event.task] = self._preview(job, owner, event)
                known.changed.add(event.task)
            case _:
                return
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._flushed + self.limits.live_seconds), self._flush)

    def _known(self, job: str, owner: str) -> _Job:
        known = self._jobs.get(job)
        if known is None:
            if len(self._jobs) >= _RUNNING:  # some are over, and somebody told of them too late
                del self._jobs[next(iter(self._jobs))]
            known = self._jobs[job] = _Job(owner)
        return known

    def _preview(self, job: str, owner: str, event: TaskPreview) -> Preview:
        self._number += 1
        picture = event.preview
        return Preview(
            job=job,
            owner=owner,
            task=event.task,
            media_type=picture.media_type,
            width=picture.width,
            height=picture.height,
            url=f"/api/jobs/{quote(job, safe='')}/previews/{quote(event.task, safe='')}?n={self._number}",
            data=picture.data,
        )

    def _flush(self) -> None:
        """Pass on what is new; whatever was told twice in between is passed on once."""
        self._timer = None
        self._flushed = asyncio.get_running_loop().time()
        for name, job in self._jobs.items():
            self._pass_on(name, job)

    def _pass_on(self, name: str, job: _Job) -> None:
        changed, job.changed = job.changed, set()
        for task in changed:
            message: Message | None = job.previews.get(task)
            if task == "":
                message = Progress(job=name, owner=job.owner, tasks=dict(job.steps)) if job.steps else None
            if message is not None:
                shared = Shared(message, topics_of(name, job.owner))
                for stream in self._live.find(shared.topics):
                    stream.offer((name, task), shared)
