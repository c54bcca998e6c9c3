"""The database: acts that write, looks that read, and the truth about whether it works."""

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from graphengine.errors import StoreUnavailable
from graphengine.service.clock import Clock
from graphengine.service.database.file import open_to_read, open_to_write
from graphengine.service.database.lock import FolderLock
from graphengine.service.database.migrations import Step
from graphengine.service.database.readers import Look, Readers
from graphengine.service.database.writer import Act, Transaction, Writer

T = TypeVar("T")

_LOG = logging.getLogger(__name__)

Listener = Callable[[Sequence[Any]], None]
"""Takes what acts of one commit put into the outbox, in order, in the loop's thread. It must not raise."""

PROBE_SECONDS = 3.0
"""How long a healthy database may take for a small write."""

PROBE_EVERY = 1.0
"""For this long an answer about health holds, so that asking often costs nothing."""

LEAST_FREE = 32 * 2**20
"""With fewer bytes free, the disk counts as full: the log may still have room of its own for small writes."""

PROBE = "CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT"
"""The table that every schema must have: health writes to it."""

_PROBE_BYTES = 256 * 2**10


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the service can do its work, and if not, why."""

    ready: bool
    reason: str = ""


class Database:
    """One SQLite file with one writer; the folder is locked for other engines while it is open."""

    def __init__(self, path: Path, lock: FolderLock, connection: sqlite3.Connection, clock: Clock) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        self._clock = clock
        self._listeners: list[Listener] = []
        self._writer = Writer(connection, self._publish)
        self._readers = Readers(lambda: open_to_read(path))
        self._damage = ""
        self._verification = asyncio.create_task(self._verify_behind())
        self._probe: asyncio.Task[Health] | None = None
        self._probed = 0.0
        self._closed = False

    @classmethod
    async def open(cls, path: Path, steps: Sequence[Step], clock: Clock | None = None) -> "Database":
        """Open a database, make it if there is none, and bring it to the version ``len(steps)``.

        Raises:
            StoreRefused: it is damaged, newer, in use by another engine, or cannot be used.
        """
        lock = FolderLock(path.parent)
        try:
            connection = await asyncio.to_thread(open_to_write, path, steps)
        except BaseException:
            lock.release()
            raise
        return cls(path, lock, connection, clock or Clock())

    def listen(self, listener: Listener) -> None:
        """Hand the outbox of every commit from now on to ``listener``."""
        self._listeners.append(listener)

    def submit(self, act: Act[T]) -> "asyncio.Future[T]":
        """Queue an act and return at once; the future resolves after the commit."""
        return self._writer.submit(act)

    def stand(
        self, act: Act[T | None], wakes: Callable[[Transaction], bool], missed: Callable[[T], None]
    ) -> "asyncio.Future[T]":
        """Let an act stand by until it returns something; see :meth:`graphengine.service.database.writer.Writer.stand`.

        Raises:
            StoreUnavailable: the database is closed.
        """
        return self._writer.stand(act, wakes, missed)

    async def write(self, act: Act[T]) -> T:
        """Return what an act returned, after it is committed and on the disk.

        A caller that is cancelled meanwhile does not undo the act.

        Raises:
            ServiceError: what the act refuses with.
            StoreUnavailable: nothing of it was written.
        """
        return await self._writer.submit(act)

    async def read(self, look: Look[T]) -> T:
        """Return what ``look`` finds in what is committed.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        return await self._readers.read(look)

    async def health(self) -> Health:
        """Try whether a write goes through now; the answer is at most a second old and takes a few at most."""
        now = self._clock.monotonic()
        if self._probe is None or (self._probe.done() and now - self._probed >= PROBE_EVERY):
            self._probe, self._probed = asyncio.create_task(self._examine()), now
        return await asyncio.shield(self._probe)

    async def verify(self, *, thoroughly: bool = True) -> Sequence[str]:
        """Read the whole file and return what is wrong with it; from then on health knows.

        Args:
            thoroughly: whether indices are compared with their tables, which takes several times as long.

        Raises:
            StoreUnavailable: it cannot be read, or is closed meanwhile.
        """
        check = "integrity_check" if thoroughly else "quick_check"

        def look(connection: sqlite3.Connection) -> list[str]:
            return [row[0] for row in connection.execute(f"PRAGMA {check}(10)")]

        found = [] if (said := await self.read(look)) == ["ok"] else said
        if found:
            _LOG.error("the database %s is damaged: %s", self.path, "; ".join(found))
        self._damage = "the database file is damaged" if found else ""
        return found

    async def close(self) -> None:
        """Commit what waits, and let the next engine in. Closing again does nothing."""
        if self._closed:
            return
        self._closed = True
        await self._readers.close()  # first: the last connection to close tidies up the log, and only a writer can
        await self._verification
        await self._writer.close()
        self._connection.close()
        self._lock.release()

    def _publish(self, outbox: Sequence[Any]) -> None:
        for listener in self._listeners:
            listener(outbox)

    async def _verify_behind(self) -> None:
        """See once whether the file is whole: opening it looks at its beginning only."""
        with suppress(StoreUnavailable):  # acts and looks tell whoever needs it
            await self.verify(thoroughly=False)

    async def _examine(self) -> Health:
        if self._damage:
            return Health(ready=False, reason=self._damage)
        try:
            free = shutil.disk_usage(self.path.parent).free
            if free < LEAST_FREE:
                return Health(ready=False, reason=f"the disk is full: {free // 2**20} MiB are free")
            size = _PROBE_BYTES if self._writer.fault else 1
            async with asyncio.timeout(PROBE_SECONDS):
                await self.write(lambda transaction: _probe(transaction, size))
        except StoreUnavailable as error:
            return Health(ready=False, reason=str(error))
        except TimeoutError:
            told = self._writer.fault  # of a commit before: the probe waits behind another that fails as it did
            return Health(ready=False, reason="the database does not answer" if told is None else str(told))
        except sqlite3.Error:
            return Health(ready=False, reason="the database does not work")
        except OSError:
            return Health(ready=False, reason="the data folder is gone")
        return Health(ready=True)


def _probe(transaction: Transaction, size: int) -> None:
    """Write something: after a failure as much as a job takes, for less might fit where a job does not."""
    transaction.execute("REPLACE INTO probe (id, filler) VALUES (1, randomblob(?))", (size,))
