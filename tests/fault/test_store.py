"""What the store promises, with figures: nothing accepted is lost, doubled, half-written or forgotten.

``GRAPHENGINE_TRIALS`` is how often each fault is tried: kills under load four times as
often, kills of a migration twice. ``make fault`` sets the full figure.
"""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from faults import TRIALS, Figure, bound
from store_process import LIMITS, ROWS, STEPS
from stores import assert_counts, claimed, fill, run_through, submission, submit

from graphengine.errors import Conflict, QueueFull
from graphengine.service.database.file import open_to_write
from graphengine.service.limits import Limits
from graphengine.service.store import NAME, Store

SCRIPT = Path(__file__).parents[1] / "store_process.py"


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """Start a process whose output is read without a buffer here, so that none of it is lost between two readers."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )


def percentile(seconds: Sequence[float], part: float) -> float:
    """In milliseconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * part))] * 1e3


# ------------------------------------------------------------------ R1, R4: killed under load


class Told:
    """What killed processes have said was done."""

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.cancelled: set[str] = set()
        self.finished: set[str] = set()
        self.entries: list[int] = []

    def read(self, output: bytes) -> None:
        for line in output[: output.rfind(b"\n") + 1].decode().splitlines():
            what, word = line.split()
            match what:
                case "submitted":
                    self.submitted.append(word)
                case "cancelled":
                    self.cancelled.add(word)
                case "finished":
                    self.finished.add(word)
                case _:
                    self.entries.append(int(word))


async def test_a_kill_under_load_loses_nothing(tmp_path: Path, figure: Figure) -> None:
    chance = random.Random(1)
    told = Told()
    kills = 4 * TRIALS
    for trial in range(kills):
        with start("load", tmp_path, told.entries[-1] if told.entries else 0) as process:
            if chance.random() < 0.75:
                assert process.stdout is not None
                told.read(process.stdout.readline())
            await asyncio.sleep(chance.uniform(0, 0.3))
            process.kill()
            output, faults = process.communicate()
        assert faults == b""
        told.read(output)
        if trial % 10 == 9 or trial == kills - 1:
            await assert_kept(tmp_path, told)
    figure(f"R1: {kills} SIGKILLs under load, {len(told.submitted):,} acknowledged jobs; {bound(kills)}")
    figure(f"R4 (store): {kills} restarts, {len(told.entries):,} entries followed without a gap or a double")


async def assert_kept(folder: Path, told: Told) -> None:
    """All that was said is so: each job is there, in order and in its state, and the log has no hole."""
    store = await Store.open(folder, LIMITS)
    rows = await store.database.read(lambda db: db.execute("SELECT id, seq, state, result FROM job").fetchall())
    jobs = {row["id"]: row for row in rows}
    assert set(told.submitted) <= set(jobs)
    by_submitter: dict[str, list[int]] = {}
    for id_ in told.submitted:
        by_submitter.setdefault(id_.rpartition("-")[0], []).append(jobs[id_]["seq"])
    assert all(seqs == sorted(seqs) for seqs in by_submitter.values()), "in the order of their acceptance"
    assert {jobs[id_]["state"] for id_ in told.finished} <= {"done"}
    assert {jobs[id_]["state"] for id_ in told.cancelled} <= {"cancelled"}
    assert all(f'"{id_}"' in jobs[id_]["result"] for id_ in told.finished)
    numbers = await store.database.read(lambda db: [row[0] for row in db.execute("SELECT seq FROM event ORDER BY 1")])
    assert numbers == list(range(1, len(numbers) + 1))
    assert told.entries == list(range(1, len(told.entries) + 1))
    await assert_counts(store)
    assert await store.database.verify() == []
    await store.close()


# ------------------------------------------------------------------ R10: a full disk


async def test_a_full_disk_is_reported_and_nothing_is_half_written(tmp_path: Path, figure: Figure) -> None:
    cycles = max(2, TRIALS)
    with start("full", tmp_path, cycles) as process:
        output, faults = process.communicate()
    assert (process.returncode, faults) == (0, b"")
    lines = [line.split() for line in output.decode().splitlines()]
    health = [words[0] for words in lines if len(words) == 1]
    assert health == ["unhealthy", "healthy"] * cycles
    kept = [words[1] for words in lines if words[0] == "submitted"]
    refused = {words[1]: words[2] for words in lines if words[0] == "refused"}
    assert set(refused.values()) == {"disk_full", "database_failed"}
    for cycle in range(cycles):
        await assert_exactly(tmp_path / f"c{cycle}", {id_ for id_ in kept if id_.startswith(f"c{cycle}-")})
    figure(f"R10 (database): {cycles} full disks, {len(kept)} jobs kept, {len(refused)} refused; {bound(cycles)}")


async def assert_exactly(folder: Path, kept: set[str]) -> None:
    """What was acknowledged is there, whole, and nothing else."""
    store = await Store.open(folder)
    rows = await store.database.read(lambda db: db.execute("SELECT id, workflow FROM job").fetchall())
    assert {row["id"] for row in rows} == kept
    for row in rows:
        assert (await store.document(row["workflow"]))["title"] == row["id"]
    await assert_counts(store)
    assert await store.database.verify() == []
    await store.close()


# ------------------------------------------------------------------ R14: killed while migrating


def form(path: Path) -> int:
    """Return the version of a database, after seeing that it is this version wholly."""
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema ORDER BY name")]
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if version == 1:
        assert tables == ["item"]
        assert connection.execute("SELECT count(*), count(name) FROM item").fetchone() == (ROWS, ROWS)
    elif version == 2:
        assert tables == ["item", "item_length"]
        assert connection.execute("SELECT count(length), sum(length = length(name)) FROM item").fetchone() == (
            ROWS,
            ROWS,
        )
    else:
        assert (version, tables) == (3, ["thing"])
        assert connection.execute("SELECT count(*), sum(length = length(name)) FROM thing").fetchone() == (ROWS, ROWS)
    connection.close()
    return int(version)


def test_a_kill_while_migrating_leaves_the_old_or_the_new(tmp_path: Path, figure: Figure) -> None:
    old = tmp_path / "old.sqlite"
    open_to_write(old, STEPS[:1]).close()
    chance = random.Random(14)
    trials = 2 * TRIALS
    left: Counter[int] = Counter()
    longest = 0.0
    for trial in range(trials + 1):
        path = tmp_path / f"{trial}" / "test.sqlite"
        path.parent.mkdir()
        shutil.copy(old, path)
        with start("migrate", path) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            began = time.monotonic()
            if trial == 0:  # how long does it take?
                assert process.stdout.readline() == b"done\n"
                longest = time.monotonic() - began
            else:
                time.sleep(chance.uniform(0, 1.5 * longest))
                process.kill()
        if trial:
            left[form(path)] += 1
        open_to_write(path, STEPS).close()
        assert form(path) == 3
        shutil.rmtree(path.parent)
    assert sum(left.values()) == trials
    versions = ", ".join(f"{number} × version {version}" for version, number in sorted(left.items()))
    figure(f"R14: {trials} SIGKILLs in a migration of {longest * 1e3:.0f} ms left {versions}; {bound(trials)}")


# ------------------------------------------------------------------ R16: the same thing a thousand times


async def test_a_thousand_submissions_of_one_id_are_one_job(tmp_path: Path, figure: Figure) -> None:
    store = await Store.open(tmp_path)
    accepted = await asyncio.gather(*[store.queue.submit(submission("a", inputs={"x": 1})) for _ in range(1_000)])
    assert sum(each.created for each in accepted) == 1
    assert len({each.job.seq for each in accepted}) == 1
    with pytest.raises(Conflict):
        await store.queue.submit(submission("a", inputs={"x": 2}))
    assert (await store.queue.status()).counts["queued"] == 1
    mixed = [store.queue.submit(submission("b", inputs={"x": index % 2})) for index in range(1_000)]
    results = await asyncio.gather(*mixed, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in results) == 500
    assert store.events.last == 2
    await store.close()
    figure("R16: 1,000 submissions of one id at once: 1 job; of another body: refused")


# ------------------------------------------------------------------ R17: order and fairness


@pytest.mark.parametrize("users", [1, 2, 3, 7])
async def test_users_share_and_each_is_served_in_order(tmp_path: Path, figure: Figure, users: int) -> None:
    store = await Store.open(tmp_path)
    chance = random.Random(users)
    names: list[list[str]] = [[] for _ in range(users)]
    for user in range(users):
        for index in range(100 if user == 0 else 100 // users + 1):  # the first one floods the queue
            names[user].append(f"u{user}-{index}")
            await submit(store, names[user][-1], f"user{user}", weights=chance.choice(("", "a", "b")))
    order = await run_through(store, most=100)
    for user in range(users):
        mine = [id_ for id_ in order if id_.startswith(f"u{user}-")]
        assert mine == names[user][: len(mine)], "first come, first served"
        assert len(mine) >= 100 // users - 1
    least = min(Counter(id_.partition("-")[0] for id_ in order).values())
    figure(f"R17: {users} users, 100 jobs: each at least {least} (promised {100 // users - 1}), FIFO for each")
    await store.close()


# ------------------------------------------------------------------ R18, R19: much of everything


async def test_a_large_store_is_ready_at_once_and_refuses_more(tmp_path: Path, figure: Figure) -> None:
    store = await Store.open(tmp_path)
    await fill(store, queued=10_000, history=100_000)
    await claimed(store)
    await store.close()
    size = (tmp_path / NAME).stat().st_size / 1e6

    began = time.monotonic()
    store = await Store.open(tmp_path)
    assert (await store.health()).ready
    ready = time.monotonic() - began
    assert ready <= 3
    status = await store.queue.status()
    assert (status.counts["queued"], status.counts["done"]) == (10_000, 100_000)
    figure(f"R19: 10,000 queued and 100,000 over ({size:.0f} MB): ready in {ready:.2f} s (promised 3 s)")

    with pytest.raises(QueueFull) as caught:
        await store.queue.submit(submission("one-more"))
    figure(f"R18: job 10,001 is refused, to come again in {caught.value.retry_after} s")

    seconds = []
    for _ in range(300):
        began = time.perf_counter()
        job = await claimed(store)
        seconds.append(time.perf_counter() - began)
        await store.attempts.finish(job.lease, {})
    assert percentile(seconds, 0.5) <= 20
    figure(f"claim with 10,000 queued: p50 {percentile(seconds, 0.5):.1f} ms, p99 {percentile(seconds, 0.99):.1f} ms")
    await assert_counts(store)
    await store.close()


async def test_thousands_of_owners_cost_a_claim_no_more(tmp_path: Path, figure: Figure) -> None:
    store = await Store.open(tmp_path, Limits(queued=3_000))
    await asyncio.gather(*[submit(store, f"j{index}", f"owner{index}") for index in range(3_000)])
    seconds = []
    for index in range(100):
        began = time.perf_counter()
        assert (await claimed(store, "nothing")).id == f"j{index}"
        seconds.append(time.perf_counter() - began)
    assert percentile(seconds, 0.5) <= 20
    figure(f"claim among 3,000 owners: p50 {percentile(seconds, 0.5):.1f} ms")
    await store.close()
