"""The states of calls that are being made, in files: what a call goes on from when it was cut off.

They lie beside the disk tier and have its form: an entry under the call's fingerprint, checked to the byte, whole or
not there. Whoever makes the call writes them, so that they survive the death of everybody else.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphengine.files.atomic import atomic_writer
from graphengine.run.cache.entry import Output, pack, read, read_seconds
from graphengine.run.cache.folder import CacheFolder
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef

_LOG = logging.getLogger(__name__)

SHARE: Final = 1 / 200
"""Of the time of a call that may go into keeping its states."""

MOST_AGE: Final = 7 * 86_400.0
"""The seconds after which nobody is thought to come back for a call."""

_STATE = "state"
_TYPE = TypeRef("Checkpoint")  # of no pack: what a state means is its node's affair
_AGAIN = ".again"


@dataclass(frozen=True, slots=True)
class CheckpointFolder:
    """Where states are kept.

    Attributes:
        budget: the bytes that all states may take together.
        pause: the seconds of a call between two of its states, at least.
        share: of the time of a call that may go into keeping them: the next waits so much longer than the last took.
    """

    path: Path
    budget: int
    pause: float
    share: float = SHARE

    @property
    def files(self) -> CacheFolder:
        """The files."""
        return CacheFolder(self.path)

    def of(self, fingerprint: str) -> "StoredCheckpoints":
        """Return the checkpoints of a call that begins."""
        return StoredCheckpoints(self, fingerprint)

    def places(self, fingerprint: str) -> tuple[Path, Path]:
        """Return where the state of a call lies: one that nobody has gone on from, and one that somebody has."""
        path = self.files.file(fingerprint)
        return path, path.with_name(path.name + _AGAIN)

    def remove(self, fingerprint: str) -> None:
        """Remove the state of a call, if there is one."""
        for path in self.places(fingerprint):
            with suppress(OSError):
                path.unlink()


class StoredCheckpoints:
    """The checkpoints of one call; see :class:`graphengine.node.checkpoints.Checkpoints`.

    A state that may itself be what ends the process is not gone on from for ever: twice, and then the call starts over.
    """

    def __init__(self, folder: CheckpointFolder, fingerprint: str) -> None:
        self._folder = folder
        self._fingerprint = fingerprint
        self._fresh, self._again = folder.places(fingerprint)
        self._began = self._last = time.monotonic()
        self._pause = folder.pause
        self._invested = 0.0  # seconds of earlier calls, which the state saves
        self._off = False

    def load(self) -> Encoded | None:
        """Return the last state that is whole, or None."""
        for path, left in ((self._fresh, self._again), (self._again, None)):
            state = self._load(path)
            if state is not None:
                with suppress(OSError):
                    path.unlink() if left is None else path.replace(left)
                return state
        return None

    def offer(self, make: Callable[[], Encoded | None]) -> None:
        """Keep the state of the moment, if it is time."""
        now = time.monotonic()
        if self._off or now - self._last < self._pause:
            return
        try:
            state = make()
            if state is None or not self._save(state, now - self._began):
                self._off = True
        except (OSError, MemoryError) as error:
            _LOG.warning("a checkpoint in %s fails and is passed over: %s", self._folder.path, error)
        self._last = time.monotonic()
        self._pause = max(self._folder.pause, (self._last - now) / self._folder.share)

    def _load(self, path: Path) -> Encoded | None:
        try:
            with path.open("rb") as file:
                self._invested = read_seconds(file)
                file.seek(0)
                (output,) = read(file, self._fingerprint)
        except FileNotFoundError:
            return None
        except (OSError, MemoryError, ValueError, LookupError, TypeError) as error:
            _LOG.info("the checkpoint %s is removed: %s", path.name, error)
            self._folder.files.remove(path)
            return None
        return output.encoded

    def _save(self, state: Encoded, seconds: float) -> bool:
        """Write a state; return whether there is room for it at all.

        Raises:
            OSError: it cannot be written.
            ValueError: its description is not plain JSON.
        """
        parts = pack(self._fingerprint, [Output(_STATE, _TYPE, state)], self._invested + seconds)
        if sum(memoryview(part).nbytes for part in parts) > self._folder.budget:
            return False
        with atomic_writer(self._fresh, durable=False) as file:
            for part in parts:
                file.write(part)
        self._folder.files.remove(self._again)
        self._folder.files.expire(MOST_AGE)
        self._folder.files.shrink(self._folder.budget)
        return True


class OpenCheckpoints:
    """Which calls of this process may have a state, so that it goes with them.

    A state is needed until the result is where nothing can happen to it any more.
    """

    def __init__(self, folder: CheckpointFolder) -> None:
        self.folder = folder
        self._open: set[str] = set()

    def begin(self, fingerprint: str) -> None:
        """Note that a call is made which may leave a state behind."""
        self._open.add(fingerprint)

    def end(self, fingerprint: str) -> None:
        """Remove the state of a call, if it was begun; from any thread."""
        if fingerprint in self._open:
            self._open.discard(fingerprint)
            self.folder.remove(fingerprint)
