"""R26: health tells the truth: a full disk, a locked database, workers that cannot start. (A dispatcher and a
supervisor that are dead: ``tests/server/test_life.py``.)

At 50 trials each is tried 10 times.
"""

import asyncio
import shutil
import sqlite3
import time
from pathlib import Path

import psutil
from commands import PACKS
from faults import TRIALS, Figure, canary, fresh, ready, served
from servers import Client
from small_disk import small_disk

EACH = max(1, TRIALS // 5)
PROMISED = 5.0


async def unwell(client: Client, reason: str) -> float:
    """Wait until the service says that it is not ready, and why, and return the seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(6 * PROMISED):
        while (reply := await client.ask("GET", "/readyz")).status == 200:
            await asyncio.sleep(0.05)
    assert reply.status == 503
    assert any(reason in each for each in reply.data["reasons"]), reply.data
    assert (await client.ask("GET", "/healthz")).status == 200
    return time.monotonic() - began


async def test_a_full_disk_is_told(tmp_path: Path, figure: Figure) -> None:
    seconds = []
    with small_disk(tmp_path / "disk", 64) as disk:
        async with served(disk.folder / "data") as (_, client):
            for _ in range(EACH):
                disk.fill(free=8 * 2**20)
                seconds.append(await unwell(client, "the disk is full"))
                disk.empty()
                await ready(client)
                await canary(client)
    figure(f"R26: a full disk is told within {max(seconds):.1f} s, {EACH} of {EACH} times")


async def test_a_locked_database_is_told(data_dir: Path, figure: Figure) -> None:
    seconds = []
    async with served(data_dir) as (_, client):
        for _ in range(EACH):
            holder = sqlite3.connect(data_dir / "service.sqlite", isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            seconds.append(await unwell(client, "locked"))
            reply = await client.ask("POST", "/api/jobs", {"workflow": fresh()})
            assert (reply.status, reply.data["code"]) == (503, "database_locked")
            holder.execute("ROLLBACK")
            holder.close()
            await ready(client)
            await canary(client)
    assert min(seconds) <= PROMISED
    figure(f"R26: a locked database is told within {max(seconds):.1f} s, {EACH} of {EACH} times")


async def test_workers_that_cannot_start_are_told(tmp_path: Path, data_dir: Path, figure: Figure) -> None:
    """A pack goes, as in an upgrade that went wrong, and the workers die; it comes back, and they do."""
    packs, seconds = tmp_path / "packs", []
    shutil.copytree(PACKS, packs)
    async with served(data_dir, GRAPHENGINE_PACK_FOLDER=str(packs)) as (server, client):
        for _ in range(EACH):
            await canary(client)
            packs.rename(tmp_path / "gone")
            for child in psutil.Process(server.process.pid).children():
                child.kill()
            job = await client.submit(fresh())
            failed = await client.ended(job["id"])
            assert (failed["state"], failed["failure"]["code"]) == ("failed", "worker_died")
            seconds.append(await unwell(client, "no worker"))
            (tmp_path / "gone").rename(packs)
            await ready(client)
    figure(f"R26: workers that cannot start are told within {max(seconds):.1f} s, {EACH} of {EACH} times")
