"""What the store holds on one machine: submits that are on the disk, bursts, claims, and whole lives of small jobs."""

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from stores import document, fill, submission

from graphengine.service.limits import Limits
from graphengine.service.store import Store

SUBMITTERS = 8
SUBMITS = 2_000
BURST = 1_000
CLAIMS = 1_000
LIVES = 2_000
NBYTES = 20_000
LIMITS = Limits(queued=100_000)


async def timed(act: Callable[[], Awaitable[object]], seconds: list[float]) -> None:
    started = time.perf_counter()
    await act()
    seconds.append(time.perf_counter() - started)


def told(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p50, p99 = (ordered[int(len(ordered) * part)] * 1e3 for part in (0.5, 0.99))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {ordered[-1] * 1e3:.1f} ms"


def plain(path: Path) -> Sequence[float]:
    """The peer: what the disk takes for as many bytes, with nothing around it."""
    seconds = []
    with path.open("wb") as file:
        for _ in range(300):
            started = time.perf_counter()
            file.write(os.urandom(NBYTES))
            file.flush()
            os.fsync(file.fileno())
            seconds.append(time.perf_counter() - started)
    return seconds


async def submits(store: Store) -> None:
    """Eight submitters, each with its next job as soon as the last one is on the disk."""
    seconds: list[float] = []

    async def submitter(number: int) -> None:
        for index in range(SUBMITS // SUBMITTERS):
            asked = submission(f"s{number}-{index}", f"o{number}", workflow=document(NBYTES, title=f"{number}-{index}"))
            await timed(lambda asked=asked: store.queue.submit(asked), seconds)  # type: ignore[misc]

    started = time.perf_counter()
    await asyncio.gather(*map(submitter, range(SUBMITTERS)))
    rate = SUBMITS / (time.perf_counter() - started)
    print(f"{SUBMITTERS} submitters        {rate:6.0f} submits/s, {told(seconds)}")


async def burst(store: Store) -> None:
    asked = [submission(f"b{index}", workflow=document(NBYTES, title=f"b{index}")) for index in range(BURST)]
    started = time.perf_counter()
    await asyncio.gather(*map(store.queue.submit, asked))
    print(f"burst of {BURST:,}       {time.perf_counter() - started:6.2f} s until the last is on the disk")


async def claims(folder: Path) -> None:
    """One worker claims and finishes, among ten thousand jobs that wait and a hundred thousand that are over."""
    store = await Store.open(folder, LIMITS)
    await fill(store, queued=10_000 + CLAIMS, history=100_000)
    await store.close()
    started = time.perf_counter()
    store = await Store.open(folder, LIMITS)
    await store.health()
    print(f"10,000 queued, 100,000 over: ready in {time.perf_counter() - started:.2f} s")
    seconds: list[float] = []
    ends: list[float] = []
    for _ in range(CLAIMS):
        started = time.perf_counter()
        job = await store.attempts.claim()
        seconds.append(time.perf_counter() - started)
        assert job is not None
        await timed(lambda: store.attempts.finish(job.lease, {}), ends)  # noqa: B023 - called in this turn
    print(f"claim               {told(seconds)}\nfinish              {told(ends)}")
    await store.close()


async def lives(store: Store) -> None:
    """Jobs from their submission to their end, the worker doing nothing: what durability costs a job."""
    for clients in (1, 8):
        seconds: list[float] = []

        async def worker() -> None:
            while True:
                job = await store.attempts.take()
                await store.attempts.finish(job.lease, {})

        async def client(number: int, clients: int = clients, seconds: list[float] = seconds) -> None:
            for index in range(LIVES // clients):
                id_ = f"l{clients}-{number}-{index}"
                asked = submission(id_, f"o{number}")
                await timed(lambda asked=asked: life(store, asked), seconds)  # type: ignore[misc]

        workers = [asyncio.create_task(worker()) for _ in range(clients)]
        started = time.perf_counter()
        await asyncio.gather(*[client(number) for number in range(clients)])
        rate = LIVES / (time.perf_counter() - started)
        for task in workers:
            task.cancel()
        print(f"clients: {clients}, jobs of no work {rate:6.0f} jobs/s, submit to finished {told(seconds)}")


async def life(store: Store, asked: object) -> None:
    """Submit a job and wait for the entry that says it is over."""
    job = (await store.queue.submit(asked)).job  # type: ignore[arg-type]
    async for entry in store.events.follow(job.seq):
        if entry.job == job.id and entry.kind == "finished":
            return


async def go(folder: Path) -> None:
    store = await Store.open(folder / "first", LIMITS)
    print(f"\ndurable jobs: documents of {NBYTES // 1000} kB, WAL, synchronous=FULL")
    print(f"a plain append of {NBYTES // 1000} kB with fsync, in the same run: {told(plain(folder / 'plain'))}")
    await submits(store)
    await burst(store)
    await store.close()
    await claims(folder / "second")
    store = await Store.open(folder / "third", LIMITS)
    await lives(store)
    await store.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(Path(folder)))
