"""What commands share that run a workflow: one event loop, and an interrupt that stops the run."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from graphengine.cli.ending import Exit, say
from graphengine.run.messages import Event
from graphengine.run.runner import Observer, Run, RunResult


def run_through(start: Callable[[], Run]) -> tuple[RunResult, str]:
    """Start a run and wait for its end; return how it ended, and its id.

    An interrupt cancels it, a second one does not wait.
    """
    return asyncio.run(_result(start))


def all_of(observers: Sequence[Observer]) -> Observer:
    """Return an observer that passes every event on to several."""

    def observe(event: Event) -> None:
        for each in observers:
            each(event)

    return observe


async def _result(start: Callable[[], Run]) -> tuple[RunResult, str]:
    run_ = start()
    loop = asyncio.get_running_loop()  # which only a call from outside wakes up on every system

    def stop() -> None:
        say("stopping; interrupt again to leave at once")
        run_.cancel()

    def interrupted(*_: object) -> None:
        signal.signal(signal.SIGINT, _leave)
        loop.call_soon_threadsafe(stop)

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        return await run_.result(), run_.id
    finally:
        signal.signal(signal.SIGINT, before)  # what follows, writing results to the cache, is no run


def _leave(*_: object) -> NoReturn:
    """Leave without waiting for any thread; files are written whole or not at all."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, RuntimeError, ValueError):  # RuntimeError: the signal came amid a write
            stream.flush()
    if os.isatty(2):
        os.write(2, b"\x1b[?25h\n")  # the bars hide the cursor
    os._exit(Exit.INTERRUPTED)
