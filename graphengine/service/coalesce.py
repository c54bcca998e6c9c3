"""Progress and previews at a rate that observers can take: the latest counts, and what lies between is left out."""

import asyncio
from collections.abc import Callable
from typing import Final

from graphengine.run.messages import Event, TaskPreview, TaskProgress

INTERVAL: Final = 0.05
"""The seconds between two tellings of one kind: at most twenty in a second."""


class Coalescer:
    """Tells the latest progress and the latest preview of one job's tasks.

    What comes after a quiet time is told at once. Tasks that have something to tell at the same time take turns.
    """

    def __init__(self, tell: Callable[[Event], None], interval: float = INTERVAL) -> None:
        self._tell = tell
        self._interval = interval
        self._progress: dict[str, TaskProgress] = {}
        self._previews: dict[str, TaskPreview] = {}
        self._timer: asyncio.TimerHandle | None = None

    def offer(self, event: TaskProgress | TaskPreview) -> None:
        """Take an event in."""
        if isinstance(event, TaskProgress):
            self._progress[event.task] = event
        else:
            self._previews[event.task] = event
        if self._timer is None:
            self._tick()

    def forget(self, task: str) -> None:
        """Leave out what a task has not told yet: it begins anew."""
        self._progress.pop(task, None)
        self._previews.pop(task, None)

    def finish(self, task: str) -> None:
        """Tell the last preview of a task that is over, where nobody has heard it: it may be all that it was for."""
        self._progress.pop(task, None)
        last = self._previews.pop(task, None)
        if last is not None:
            self._tell(last)

    def close(self) -> None:
        """Tell nothing any more."""
        self._progress.clear()
        self._previews.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._timer = None
        waiting: list[Event] = [queue.pop(next(iter(queue))) for queue in (self._progress, self._previews) if queue]
        if waiting:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._tick)
        for event in waiting:
            self._tell(event)
