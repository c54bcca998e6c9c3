"""From the queue to the engine: jobs are claimed when it is their turn, a few at once, until the service closes."""

import asyncio
import logging
from typing import Final

from graphengine.errors import ServiceError
from graphengine.service.attempt import RETRY, Attempt, Workplace
from graphengine.service.job import Job

_LOG = logging.getLogger(__name__)

_LAST_WORD: Final = 5.0
"""The seconds that a run has to stop, and its job to go back into the queue, when the grace is over."""


class Dispatcher:
    """Runs jobs, each in a task of its own.

    Args:
        jobs_at_once: how many; their calls share the lanes of the engine.
    """

    def __init__(self, place: Workplace, jobs_at_once: int = 2) -> None:
        self._place = place
        self._slots = jobs_at_once
        self._attempts: dict[Attempt, asyncio.Task[None]] = {}
        self._weights = ""
        self._claims: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def is_alive(self) -> bool:
        """Whether jobs are claimed."""
        return self._claims is not None and not self._claims.done() and not self._closing

    @property
    def running(self) -> int:
        """How many jobs run."""
        return len(self._attempts)

    def start(self) -> None:
        """Begin to claim jobs."""
        self._claims = asyncio.create_task(self._claim())

    async def close(self, grace: float) -> None:
        """Claim nothing more, wait for what runs, and put back into the queue what still does after ``grace`` seconds.

        What does not stop even then is taken up at the next start, as after a crash.
        """
        self._closing = True
        if self._claims is not None:
            self._claims.cancel()
            await asyncio.wait([self._claims])
        await self._wait(grace)
        for attempt in list(self._attempts):
            attempt.close()
        await self._wait(_LAST_WORD)
        for task in list(self._attempts.values()):
            task.cancel()
        await self._wait(_LAST_WORD)

    async def _wait(self, seconds: float) -> None:
        if self._attempts:
            await asyncio.wait(list(self._attempts.values()), timeout=seconds)

    async def _claim(self) -> None:
        async with asyncio.TaskGroup() as slots:
            for _ in range(self._slots):
                slots.create_task(self._fill())

    async def _fill(self) -> None:
        """Let one slot have a job, again and again."""
        while True:
            try:
                job = await self._place.store.attempts.take(lambda: self._weights)
            except ServiceError as error:
                _LOG.warning("no job can be claimed: %s", error)
                await asyncio.sleep(RETRY)
            else:
                await self._begin(job)

    async def _begin(self, job: Job) -> None:
        """Begin a job, and wait until its slot is free."""
        self._weights = job.weights or self._weights
        free = asyncio.Event()
        attempt = Attempt(self._place, job, free.set)
        task = asyncio.create_task(attempt.run(), name=f"job {job.id}")
        self._attempts[attempt] = task
        task.add_done_callback(lambda _: self._attempts.pop(attempt))
        await free.wait()
