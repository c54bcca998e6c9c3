"""What a person sees of a run: bars on a terminal, plain lines in a pipe or a log."""

import sys
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from graphengine.cli.ending import say
from graphengine.errors import Failure
from graphengine.run.messages import (
    Event,
    TaskCached,
    TaskFailed,
    TaskFinished,
    TaskOutput,
    TaskProgress,
    TaskRetried,
    TaskSkipped,
    TaskStarted,
)


class Display(Protocol):
    """Shows the events of one run, between entering and leaving it."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and leave the terminal as it was."""
        ...

    def show(self, event: Event) -> None:
        """Show one event."""
        ...


def display_for(*, quiet: bool) -> Display:
    """Return the display that fits standard error."""
    if quiet:
        return Lines(verbose=False)
    return Bars() if sys.stderr.isatty() else Lines(verbose=True)


class Lines:
    """A line for each thing that happened, and at most ten for the steps of one call."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def show(self, event: Event) -> None:
        """Print a line, if the event deserves one."""
        if isinstance(event, TaskProgress) and not _is_tenth(event):
            return
        if self._verbose or isinstance(event, TaskFailed | TaskRetried):
            line = _line(event)
            if line:
                say(line)


class Bars:
    """A bar with the remaining time for each running call, and a line for each that ended."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Take the lower lines of the terminal."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give them back."""
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Move a bar, or print a line over the bars."""
        match event:
            case TaskStarted(task):
                self._bars[task] = self._progress.add_task(task, total=None)
            case TaskProgress(task, step, total, message):
                description = f"{task} {message}".rstrip()
                self._progress.update(self._bars[task], completed=step, total=total, description=description)
            case TaskFinished() | TaskFailed() | TaskRetried():
                self._progress.remove_task(self._bars.pop(event.task))
            case _:
                pass
        line = "" if isinstance(event, TaskStarted | TaskProgress) else _line(event)
        if line:
            self._console.print(line, markup=False, highlight=False)


def _is_tenth(event: TaskProgress) -> bool:
    tenth = max(1, event.total // 10)
    return event.step % tenth == 0 or event.step == event.total


def _line(event: Event) -> str:
    match event:
        case TaskStarted(task):
            return f"{task}: started"
        case TaskProgress(task, step, total, message):
            return f"{task}: {step}/{total} {message}".rstrip()
        case TaskCached(task):
            return f"{task}: cached"
        case TaskFinished(task, seconds, _, together):
            return f"{task}: done in {seconds:.2f} s" + (f", one of {together} together" if together > 1 else "")
        case TaskRetried(task, failure, attempt, smaller):
            how = f"attempt {attempt + 1}" + (f", {2**smaller} times smaller" if smaller else "")
            return f"{task}: failed and is tried again ({how}): {failure}"
        case TaskFailed(task, Failure(code="cancelled")):
            return f"{task}: cancelled"
        case TaskFailed(task, failure):
            return f"{task}: failed: {failure}"
        case TaskSkipped(task, cause):
            return f"{task}: skipped, because {cause} failed"
        case TaskOutput(task, file):
            return f"{task}: wrote {file.path}"
        case _:
            return ""
