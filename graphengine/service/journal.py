"""From the events of a run to entries of the log: a few at a time, files first, each on the disk before it is told."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Final

from graphengine.run.messages import (
    TaskCached,
    TaskFailed,
    TaskFinished,
    TaskOutput,
    TaskSkipped,
    TaskStarted,
)
from graphengine.service.job import JsonObject
from graphengine.service.queue.work import Note, Notes

LINGER: Final = 0.02
"""The seconds for which entries wait for more: what a short job does is one commit, not six."""

MOST: Final = 500
"""How many entries go into one commit."""

Kept = TaskStarted | TaskCached | TaskFinished | TaskFailed | TaskSkipped | TaskOutput
"""What the log keeps of a run."""


class Journal:
    """What happened in one run and is not in the log yet, in order.

    Args:
        adopt: keeps a file that a task has written, and returns its size; called in a thread.
        ring: is called when entries have waited for their time, in the loop's thread; whoever hears it takes them.
    """

    def __init__(self, adopt: Callable[[TaskOutput], int], ring: Callable[[], None]) -> None:
        self.files: list[JsonObject] = []
        self._adopt = adopt
        self._ring = ring
        self._waiting: list[Kept] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def note(self, event: Kept) -> None:
        """Take an event in."""
        self._waiting.append(event)
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._timed)

    def close(self) -> None:
        """Ring no more: whoever closes it takes what is left."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    async def take(self) -> Notes:
        """Return what is to be logged now; files that it speaks of are kept by then.

        Raises:
            OSError: a file cannot be kept.
        """
        taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        return [await self._output(event) if isinstance(event, TaskOutput) else _note(event) for event in taken]

    def __len__(self) -> int:
        return len(self._waiting)

    def _timed(self) -> None:
        self._timer = None
        self._ring()

    async def _output(self, event: TaskOutput) -> Note:
        nbytes = await asyncio.to_thread(self._adopt, event)
        file: JsonObject = {
            "task": event.task,
            "name": event.file.reference.partition(":")[2],
            "digest": event.file.digest,
            "media_type": event.media_type,
            "bytes": nbytes,
        }
        self.files.append(file)
        return "output", file


def _note(event: TaskStarted | TaskCached | TaskFinished | TaskFailed | TaskSkipped) -> Note:
    match event:
        case TaskStarted(task):
            return "task_started", {"task": task}
        case TaskCached(task):
            return "task_cached", {"task": task}
        case TaskFinished(task, seconds, nbytes, _, footprint):
            memory = {} if footprint is None else {"memory": asdict(footprint)}
            return "task_finished", {"task": task, "seconds": round(seconds, 6), "bytes": nbytes, **memory}
        case TaskFailed(task, failure):
            return "task_failed", {"task": task, "failure": asdict(failure)}
        case TaskSkipped(task, cause):
            return "task_skipped", {"task": task, "cause": cause}
