"""The cache tier on disk: it survives restarts, and several processes share it."""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from graphengine.files.atomic import atomic_writer
from graphengine.run.cache.entry import Output, pack, read
from graphengine.run.cache.folder import CacheFolder
from graphengine.run.cache.listing import Listing
from graphengine.run.cache.timings import Timings
from graphengine.run.handle import Handle, Handles
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef

_LOG = logging.getLogger(__name__)

READERS = 4
LEAST_SECONDS = 0.001  # what quicker calls give is quicker made again than found
LOAD_SPEED = 1e9  # bytes per second, at which loading is thought to go
WAITING_BYTES = 2**29
_ROOM = 0.9  # an eviction makes this much of the budget the limit, so that not every write evicts
_RECOUNT = 1 / 16  # after writing this much of the budget, see what other processes wrote


class Coder(Protocol):
    """What makes bytes of values and back: an executor does. Both may be called from any thread."""

    def encode(self, handle: Handle) -> Encoded:
        """Take the value behind a handle apart."""
        ...

    def adopt(self, type_: TypeRef, encoded: Encoded) -> Handle:
        """Put a value together, and return a handle to it.

        Raises:
            ValueError: the encoded form is not of that type.
        """
        ...


class DiskTier:
    """Results in files, one for each, within a budget of bytes.

    Reading happens in threads; a lookup of what is not there is mostly answered at once. Writing happens
    behind: a result on its way to the disk is found here already, and one that comes faster than the disk
    takes them is dropped. Every fault of a file is a miss, and the file goes. A disk that is full or cannot
    be written is reported once, and the tier is then one that forgets.

    Not kept is what is made quicker than found: in less than ``least_seconds`` plus the time that loading its
    bytes takes.

    Args:
        budget: bytes that the files of all processes may take together, within a sixteenth for each process.
        coder: makes bytes of values and back.
        lasting: whether values of a type may outlive this process.
        settled: is told of each result that was put when it is on the disk, or will never be; from any thread.
        timings: is told how long reading and writing take.
    """

    def __init__(
        self,
        folder: CacheFolder,
        budget: int,
        coder: Coder,
        *,
        lasting: Callable[[TypeRef], bool] = lambda _: True,
        settled: Callable[[str], None] = lambda _: None,
        least_seconds: float = LEAST_SECONDS,
        waiting_bytes: int = WAITING_BYTES,
        timings: Timings | None = None,
    ) -> None:
        self.folder = folder
        self.budget = budget
        self._coder = coder
        self._lasting = lasting
        self._settled = settled
        self._least_seconds = least_seconds
        self._most_waiting = waiting_bytes
        self._timings = Timings() if timings is None else timings
        self._listing = Listing(folder)
        self._waiting: dict[str, Handles] = {}
        self._waiting_bytes = 0
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="graphengine-cache-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="graphengine-cache-write")
        self._total: int | None = None  # the writer's alone, as the next two
        self._uncounted = 0
        self._told = False
        self._closed = False

    def get(self, fingerprint: str) -> Handles | Awaitable[Handles | None] | None:
        """Return a result on its way to the disk, None where there is none, else something to await."""
        waiting = self._waiting.get(fingerprint)
        if waiting is not None or self._closed or self._listing.lacks(fingerprint):
            return waiting
        return asyncio.wrap_future(self._readers.submit(self._read, fingerprint))

    def has(self, fingerprint: str) -> bool:
        """Return whether a result is on the disk or on its way there, as of at most two seconds ago."""
        if self._closed:
            return False
        if fingerprint in self._waiting:
            return True
        self._listing.refresh()
        return self._listing.has(fingerprint)

    def put(self, fingerprint: str, handles: Handles, seconds: float) -> None:
        """Write a result behind, if it is worth it."""
        nbytes = sum(handle.nbytes for handle in handles.values())
        if self._queue(fingerprint, handles, seconds, nbytes):
            self._writer.submit(self._write, fingerprint, handles, seconds, nbytes)
        elif fingerprint not in self._waiting and not self._closed:
            self._settled(fingerprint)

    async def drain(self) -> None:
        """Wait until everything that was put is on the disk."""
        if not self._closed:
            await asyncio.wrap_future(self._writer.submit(lambda: None))  # the writer keeps the order

    def close(self) -> None:
        """Write what waits, and end; afterwards the tier is empty and takes nothing."""
        self._closed = True
        self._writer.shutdown()
        self._readers.shutdown()

    def _queue(self, fingerprint: str, handles: Handles, seconds: float, nbytes: int) -> bool:
        """Return whether a result is to be written, and let it wait for that."""
        if self._closed or not self._is_worth(handles, nbytes, seconds) or self._listing.has(fingerprint):
            return False
        with self._lock:
            crowded = self._waiting and self._waiting_bytes + nbytes > self._most_waiting
            if crowded or fingerprint in self._waiting:
                return False
            self._waiting[fingerprint] = handles
            self._waiting_bytes += nbytes
        return True

    def _is_worth(self, handles: Handles, nbytes: int, seconds: float) -> bool:
        return (
            seconds >= self._least_seconds + nbytes / LOAD_SPEED
            and nbytes <= self.budget * _ROOM
            and all(self._lasting(handle.type) for handle in handles.values())
        )

    # -------------------------------------------------------------- in the readers' threads

    def _read(self, fingerprint: str) -> Handles | None:
        self._listing.refresh()
        if self._listing.lacks(fingerprint):
            return None
        path = self.folder.file(fingerprint)
        try:
            handles = self._load(fingerprint, path)
        except FileNotFoundError:  # another process evicted it
            self._listing.discard(fingerprint)
            return None
        except (OSError, MemoryError) as error:
            self._tell(error)
            return None
        except Exception as error:  # noqa: BLE001 - whatever a pack's codec raises over old bytes is a miss
            _LOG.info("the cache entry %s is removed: %s", path.name, error)
            self.folder.remove(path)
            self._listing.discard(fingerprint)
            return None
        with suppress(OSError):
            os.utime(path)
        return handles

    def _load(self, fingerprint: str, path: Path) -> Handles:
        with self._timings.measured("read", fingerprint) as reading, path.open("rb") as file:
            outputs = read(file, fingerprint)
            reading.nbytes = file.tell()
        with self._timings.measured("decode", fingerprint) as decoding:
            handles = {each.name: self._coder.adopt(each.type, each.encoded) for each in outputs}
            decoding.nbytes = sum(handle.nbytes for handle in handles.values())
        return handles

    # -------------------------------------------------------------- in the writer's thread

    def _write(self, fingerprint: str, handles: Handles, seconds: float, nbytes: int) -> None:
        try:
            with self._timings.measured("encode", fingerprint) as encoding:
                outputs = [Output(name, handle.type, self._coder.encode(handle)) for name, handle in handles.items()]
                encoding.nbytes = nbytes
            with self._timings.measured("write", fingerprint) as writing:
                size = writing.nbytes = self._save(fingerprint, outputs, seconds)
            self._listing.add(fingerprint)
            self._account(size)
            self._told = False
        except OSError as error:
            self._tell(error)
        except Exception as error:  # noqa: BLE001 - whatever a pack's codec cannot take apart is not kept
            _LOG.info("the result %s is not kept on disk: %s", fingerprint, error)
        finally:
            with self._lock:
                del self._waiting[fingerprint]
                self._waiting_bytes -= nbytes
            self._settled(fingerprint)

    def _save(self, fingerprint: str, outputs: list[Output], seconds: float) -> int:
        parts = pack(fingerprint, outputs, seconds)
        with atomic_writer(self.folder.file(fingerprint), durable=False) as file:
            for part in parts:
                file.write(part)
        return sum(memoryview(part).nbytes for part in parts)

    def _account(self, nbytes: int) -> None:
        """Keep the budget: count now and then, and make room when it is passed."""
        self._uncounted += nbytes
        if self._total is None or self._uncounted > self.budget * _RECOUNT:
            self._total, self._uncounted = self.folder.usage().nbytes, 0
        else:
            self._total += nbytes
        if self._total > self.budget:
            self.folder.shrink(int(self.budget * _ROOM))
            self._total = self.folder.usage().nbytes

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            _LOG.warning("the disk cache in %s fails and is passed over: %s", self.folder.path, error)
