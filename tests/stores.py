"""What the tests of the store share: documents, submissions, and a clock that goes as it is told."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphengine.service.clock import Clock
from graphengine.service.database.writer import Transaction
from graphengine.service.job import Job, Submission
from graphengine.service.limits import Limits
from graphengine.service.store import Store

START = 1_800_000_000.0
"""In January 2027."""


class Hands:
    """The hands of a clock: ``wall`` may be set, ``run`` lets time pass on both."""

    def __init__(self, wall: float = START) -> None:
        self.wall = wall
        self.monotonic = 1_000.0
        self.clock = Clock(lambda: self.wall, lambda: self.monotonic)

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def document(size: int = 0, **fields: Any) -> dict[str, Any]:
    """A workflow of about ``size`` bytes or little more; fields make it another one."""
    nodes = {f"n{index}": {"type": "plain.number", "inputs": {"value": index}} for index in range(1 + size // 56)}
    return {"format": "graphengine.workflow", "version": 1, "nodes": nodes, **fields}


DOCUMENT = document()


def submission(id_: str, owner: str = "ann", **rest: Any) -> Submission:
    return replace(Submission(id_, owner, DOCUMENT), **rest)


async def submit(store: Store, id_: str, owner: str = "ann", **rest: Any) -> Job:
    """Queue a job that is not there yet."""
    accepted = await store.queue.submit(submission(id_, owner, **rest))
    assert accepted.created
    return accepted.job


async def claimed(store: Store, prefer: str = "") -> Job:
    """Claim a job where there must be one."""
    job = await store.attempts.claim(prefer)
    assert job is not None
    return job


async def run_through(store: Store, prefer: str = "", *, most: int = 10**9) -> list[str]:
    """Claim and finish jobs until none waits, and return their ids in order."""
    order: list[str] = []
    while len(order) < most and (job := await store.attempts.claim(prefer)):
        await store.attempts.finish(job.lease, {})
        order.append(job.id)
    return order


async def reopened(store: Store, folder: Path, limits: Limits | None = None) -> Store:
    """Close a store as a dying engine does not, and open it again."""
    await store.close()
    return await Store.open(folder, limits or Limits())


def counted(store: Store) -> Any:
    """Return a look at the counts that are kept beside the jobs, and at what they must be."""

    def look(connection: Any) -> tuple[Mapping[str, int], Mapping[str, int], list[Any], list[Any]]:
        kept = dict(connection.execute("SELECT state, jobs FROM tally WHERE jobs <> 0").fetchall())
        true = dict(connection.execute("SELECT state, count(*) FROM job GROUP BY state").fetchall())
        lines = connection.execute("SELECT owner, priority, queued FROM line WHERE queued <> 0 ORDER BY 1, 2")
        true_lines = connection.execute(
            "SELECT owner, priority, count(*) FROM job WHERE state = 'queued' GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return kept, true, [tuple(row) for row in lines], [tuple(row) for row in true_lines]

    return store.database.read(look)


async def assert_counts(store: Store) -> None:
    kept, true, lines, true_lines = await counted(store)
    assert kept == true
    assert lines == true_lines


FILL = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :number)
INSERT INTO job (seq, id, owner, body, state, priority, rank, weights, batch, workflow, inputs, targets, title, tags,
                 created, started, ended, finish, attempt, failure, result)
SELECT :first + n, :name || n, owner, body, state, priority, (:first + n) << 20, weights, batch, workflow, inputs,
       targets, 'Title ' || n, tags, created, started, ended, iif(finish IS NULL, NULL, :first + n), attempt, failure,
       result
FROM job, number WHERE id = :like
"""
FILL_EVENTS = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :number)
INSERT INTO event (seq, job, owner, kind, time, data)
SELECT :first + n, :name || n, 'ann', 'queued', 0, '{}' FROM number
"""


async def fill(store: Store, *, queued: int, history: int) -> None:
    """Put jobs into a new store, as many as it takes thousands of commits to get there; then open it again."""
    await submit(store, "done", workflow=document(2_000))
    await store.attempts.finish((await claimed(store)).lease, {"image": "abc"})
    await submit(store, "waiting", workflow=document(2_000))

    def act(transaction: Transaction) -> None:
        first = store.events.last
        for name, like, number in (("d", "done", history - 1), ("w", "waiting", queued - 1)):
            values = {"first": first, "name": name, "like": like, "number": number}
            transaction.execute(FILL, values)
            transaction.execute(FILL_EVENTS, values)
            first += number
        transaction.execute("UPDATE tally SET jobs = ? WHERE state = 'done'", (history,))
        transaction.execute("UPDATE tally SET jobs = ? WHERE state = 'queued'", (queued,))
        transaction.execute("UPDATE line SET queued = ?", (queued,))

    await store.database.write(act)
