"""The engine as one call sees it: progress, previews, cancellation and the output folder."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from graphengine.errors import Cancelled, NodeError
from graphengine.files.atomic import atomic_writer, write_atomically
from graphengine.files.digest import sha256
from graphengine.files.naming import NamePatternError, candidates, fields_of
from graphengine.files.origin import Output, texts_of
from graphengine.files.roots import File
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Preview, RunInfo
from graphengine.run.cache.checkpoints import CheckpointFolder
from graphengine.run.messages import Event, TaskOutput, TaskPreview, TaskProgress, TaskSpan

Tell = Callable[[Event], None]


class CancelToken:
    """A flag that any thread may raise, and that calls look at where they can stop."""

    def __init__(self) -> None:
        self.stopping = False
        """Whether no call is to begin any more, though those that run may go on."""
        self._cancelled = False
        self._lock = threading.Lock()
        self._watchers: set[Callable[[], None]] = set()

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the calls of the run to stop."""
        with self._lock:
            self.stopping = self._cancelled = True
            watchers, self._watchers = self._watchers, set()
        for watcher in watchers:
            watcher()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` once, when the token is cancelled; now, if it was."""
        with self._lock:
            if not self.cancelled:
                self._watchers.add(watcher)
                return
        watcher()

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Do not call ``watcher`` any more."""
        with self._lock:
            self._watchers.discard(watcher)


@dataclass(frozen=True, slots=True)
class RunScope:
    """What all calls of one run share.

    Attributes:
        tell: takes an event from any thread.
        previews: whether somebody looks at previews.
        started: the local time in the names of result files.
        checkpoints: where calls keep their states, if they do.
    """

    info: RunInfo
    output_folder: Path
    token: CancelToken
    tell: Tell
    previews: bool
    started: datetime
    checkpoints: CheckpointFolder | None = None


@dataclass(slots=True)
class Count:
    """How many there were."""

    number: int = 0


@dataclass(frozen=True, slots=True)
class TaskContext:
    """The context of one call; see :class:`graphengine.node.context.Context`.

    Attributes:
        fingerprint: names the result; empty where there is no such name.
        saved: counts the files that the call has saved.
    """

    scope: RunScope
    node: str
    fingerprint: str = ""
    saved: Count = field(default_factory=Count, compare=False)

    @property
    def run(self) -> RunInfo:
        """The run this call belongs to."""
        return self.scope.info

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled."""
        return self.scope.token.cancelled

    @property
    def stopping(self) -> bool:
        """Whether no call of the run is to begin any more."""
        return self.scope.token.stopping

    @property
    def checkpoints(self) -> Checkpoints:
        """The checkpoints of the call, which begins now."""
        folder = self.scope.checkpoints
        return NO_CHECKPOINTS if folder is None or not self.fingerprint else folder.of(self.fingerprint)

    def start_over(self) -> None:
        """Let the next call like this begin at its start."""
        if self.scope.checkpoints is not None and self.fingerprint:
            self.scope.checkpoints.remove(self.fingerprint)

    def check(self) -> None:
        """Raise Cancelled if the run was cancelled."""
        if self.scope.token.cancelled:
            raise Cancelled("the run was cancelled")

    def progress(self, step: int, total: int, message: str = "") -> None:
        """Tell how far the call is, and raise Cancelled if the run was cancelled."""
        self.check()
        self.scope.tell(TaskProgress(self.node, step, total, message))

    def preview(self, make: Callable[[], Preview]) -> None:
        """Tell a picture of work in progress, if somebody looks."""
        if self.scope.previews:
            self.scope.tell(TaskPreview(self.node, make()))

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Tell how long a part of the call took, however it ended."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.scope.tell(TaskSpan(self.node, name, began, time.perf_counter() - began))

    def origin(self) -> Mapping[str, str]:
        """Return what to write into the next file."""
        return texts_of(self.run.workflow, self.run.lock, Output(self.node, self.saved.number))

    def save(self, pattern: str, suffix: str, content: bytes | Path, media_type: str) -> File:
        """Write a result file under the first free name of the pattern; whole or not at all."""
        folder = self.scope.output_folder
        fields = fields_of(self.run.title, self.node, self.run.id, self.scope.started)
        try:
            name, digest = _write_under_free_name(folder, candidates(pattern, suffix, fields), content)
        except NamePatternError as error:
            raise NodeError(f"{error}") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise NodeError(
                f"the output folder cannot be written: {reason}", hint="Choose another, or make room."
            ) from error
        file = File(f"outputs:{name}", folder / name, digest)
        self.scope.tell(TaskOutput(self.node, file, media_type, self.saved.number))
        self.saved.number += 1
        return file


@dataclass(frozen=True, slots=True)
class JointContext:
    """The context of calls that are made together; see :class:`graphengine.node.context.SharedContext`."""

    calls: tuple[TaskContext, ...]

    def check(self) -> None:
        """Raise Cancelled if the runs of all calls were cancelled."""
        if all(call.cancelled for call in self.calls):
            raise Cancelled("the runs were cancelled")

    def progress(self, step: int, total: int, message: str = "") -> None:
        """Tell how far the calls are, and raise Cancelled if the runs of all were cancelled."""
        self.check()
        for call in self._wanted():
            call.scope.tell(TaskProgress(call.node, step, total, message))

    def preview(self, make: Callable[[], Preview]) -> None:
        """Tell all the same picture of work in progress, if somebody looks."""
        looking = [call for call in self._wanted() if call.scope.previews]
        if looking:
            picture = make()
            for call in looking:
                call.scope.tell(TaskPreview(call.node, picture))

    def _wanted(self) -> list[TaskContext]:
        return [call for call in self.calls if not call.cancelled]


def _write_under_free_name(folder: Path, names: Iterable[str], content: bytes | Path) -> tuple[str, str]:
    """Write to the first name that is not taken; return it, and the digest of what was written.

    Raises:
        OSError: the folder cannot be made or written.
    """
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)  # here, where a file in its way is not a taken name
        if path.exists():
            continue
        try:
            digest = _write(path, content)
        except FileExistsError:
            continue  # another process took the name in between
        return name, digest
    raise AssertionError("the names of a pattern never end")


def _write(path: Path, content: bytes | Path) -> str:
    """Write bytes, or what a file holds, piece by piece; return the digest of it.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written.
    """
    if isinstance(content, bytes):
        write_atomically(path, content, overwrite=False)
        return sha256(content)
    found = hashlib.sha256()
    with content.open("rb") as source, atomic_writer(path, overwrite=False) as target:
        while piece := source.read(2**20):
            found.update(piece)
            target.write(piece)
    return found.hexdigest()
