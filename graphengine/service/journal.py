"""From the events of a run to entries of the log: a few at a time, files first, each on the disk before it is told."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
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
from graphengine.service.queue.work import Note

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
    """

    def __init__(self, adopt: Callable[[TaskOutput], int]) -> None:
        self.files: list[JsonObject] = []
        self._adopt = adopt
        self._waiting: list[Kept] = []
        self._arrived = asyncio.Event()
        self._closed = asyncio.Event()

    def note(self, event: Kept) -> None:
        """Take an event in."""
        self._waiting.append(event)
        self._arrived.set()

    def close(self) -> None:
        """Say that nothing more comes: whoever waits for an arrival goes on at once."""
        self._closed.set()
        self._arrived.set()

    async def arrival(self) -> bool:
        """Wait until there is something to log, and a moment longer; return False when nothing more comes."""
        await self._arrived.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._closed.wait()
        return not self._closed.is_set()

    async def take(self) -> Sequence[Note]:
        """Return what is to be logged now; files that it speaks of are kept by then.

        Raises:
            OSError: a file cannot be kept.
        """
        taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if not self._waiting and not self._closed.is_set():
            self._arrived.clear()
        return [await self._output(event) if isinstance(event, TaskOutput) else _note(event) for event in taken]

    def __len__(self) -> int:
        return len(self._waiting)

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
        case TaskFinished(task, seconds, nbytes):
            return "task_finished", {"task": task, "seconds": round(seconds, 6), "bytes": nbytes}
        case TaskFailed(task, failure):
            return "task_failed", {"task": task, "failure": asdict(failure)}
        case TaskSkipped(task, cause):
            return "task_skipped", {"task": task, "cause": cause}
