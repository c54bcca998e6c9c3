"""A process of its own that uses a store: ``store_process.py (load|full) FOLDER NUMBER``, or ``migrate PATH``.

What it has been told is done, it says on a line of its own, at once.
"""

import asyncio
import os
import random
import resource
import sys
from itertools import count
from pathlib import Path

from stores import document, submission

from graphengine.errors import StoreUnavailable
from graphengine.service.database import database
from graphengine.service.database.file import open_to_write
from graphengine.service.database.migrations import Step, statements
from graphengine.service.limits import Limits
from graphengine.service.store import Store

LIMITS = Limits(queued=10**6, attempts=10**6)
SUBMITTERS = 8

ROWS = 20_000
STEPS: tuple[Step, ...] = (
    statements(
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000)"
        " INSERT INTO item SELECT n, 'name ' || n FROM number",
    ),
    statements(
        "ALTER TABLE item ADD COLUMN length INTEGER",
        "UPDATE item SET length = length(name)",
        "CREATE INDEX item_length ON item (length)",
    ),
    statements(
        "CREATE TABLE thing (name TEXT PRIMARY KEY, length INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        "INSERT INTO thing SELECT name, length FROM item",
        "DROP TABLE item",
    ),
)
"""Three versions of a database, each with ``ROWS`` rows."""


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


# ------------------------------------------------------------------ mixed load


class Load:
    """Submits, cancels, reads, runs and follows the log, all at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.chance = random.Random(os.getpid())
        self.names: list[str] = []

    async def submit(self, number: int) -> None:
        for index in count():
            id_ = f"p{os.getpid()}-{number}-{index}"
            asked = submission(id_, f"owner{number}", workflow=document(2_000, title=id_))
            await self.store.queue.submit(asked)
            say("submitted", id_)
            self.names.append(id_)

    async def cancel(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0, 0.02))
            if self.names:
                job = await self.store.queue.cancel(self.chance.choice(self.names))
                if job.state == "cancelled":
                    say("cancelled", job.id)

    async def look(self) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0, 0.02))
            await self.store.queue.list(limit=20)
            await self.store.queue.status()

    async def work(self) -> None:
        while True:
            job = await self.store.attempts.take()
            await self.store.attempts.record(job.lease, [("task_started", {"task": "x"})])
            await self.store.attempts.finish(job.lease, {"id": job.id})
            say("finished", job.id)

    async def follow(self, seen: int) -> None:
        async for entry in self.store.events.follow(seen):
            say("entry", entry.seq)


async def load(folder: Path, seen: int) -> None:
    """Keep a store busy until killed; the log is followed from the entry ``seen`` on."""
    busy = Load(await Store.open(folder, LIMITS))
    submitters = [busy.submit(number) for number in range(SUBMITTERS)]
    await asyncio.gather(*submitters, busy.cancel(), busy.look(), busy.work(), busy.work(), busy.follow(seen))


# ------------------------------------------------------------------ a full disk


async def full(folder: Path, cycles: int) -> None:
    """Let the disk fill under a store and be freed, each time another one, in two ways that SQLite tells apart."""
    database.PROBE_EVERY = 0.0
    chance = random.Random(cycles)
    for cycle in range(cycles):
        store = await Store.open(folder / f"c{cycle}")
        limit = limit_files if cycle % 2 else limit_pages
        limit(store, chance.randrange(200_000, 2_000_000))
        for index in count():
            burst = [f"c{cycle}-{index}-{number}" for number in range(chance.choice((1, 3, 20)))]
            if await try_burst(store, burst) and await try_burst(store, [f"c{cycle}-{index}-single"]):
                break
        say("healthy" if (await store.health()).ready else "unhealthy")
        limit(store, None)
        if await try_burst(store, [f"c{cycle}-after"]):
            raise AssertionError("it did not recover")
        say("healthy" if (await store.health()).ready else "unhealthy")
        await store.close()


def limit_files(_: Store, nbytes: int | None) -> None:
    """Let the system write no file beyond a size: an I/O error in the middle of a write."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if nbytes is None else nbytes, hard))


def limit_pages(store: Store, nbytes: int | None) -> None:
    """Let SQLite find no page more: the same error as where the disk is full."""
    store.database._connection.execute(f"PRAGMA max_page_count = {10**9 if nbytes is None else nbytes // 4_096}")


async def try_burst(store: Store, names: list[str]) -> int:
    """Submit at once, say of each what became of it, and return how many were refused."""
    acts = [store.queue.submit(submission(id_, workflow=document(20_000, title=id_))) for id_ in names]
    results = await asyncio.gather(*acts, return_exceptions=True)
    for id_, result in zip(names, results, strict=True):
        if isinstance(result, StoreUnavailable):
            say("refused", id_, result.code)
        elif isinstance(result, BaseException):
            raise result
        else:
            say("submitted", id_)
    return sum(isinstance(result, StoreUnavailable) for result in results)


def migrate(path: Path) -> None:
    say("ready")
    open_to_write(path, STEPS).close()
    say("done")


if __name__ == "__main__":
    if sys.argv[1] == "migrate":
        migrate(Path(sys.argv[2]))
    else:
        act = {"load": load, "full": full}[sys.argv[1]]
        asyncio.run(act(Path(sys.argv[2]), int(sys.argv[3])))
