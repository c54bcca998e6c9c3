"""R10: a full disk is reported over HTTP, nothing half-written is served, and all works again when there is room.

The data folder is a file system of its own that is really full. At 50 trials it is filled 50 times.
"""

import asyncio
import hashlib
import time
from pathlib import Path
from typing import Any

from faults import TRIALS, Figure, Notes, bound, canary, ready, served, tidied
from servers import Client, Reply, document, link
from small_disk import small_disk

REFUSED = {(507, "disk_full"), (503, "database_failed")}


def saving(number: int, notes: Path) -> dict[str, Any]:
    """Wait long enough for the disk to be filled; then keep a large result, and save a picture."""
    nodes = {
        "wait": ["fault.noted", {"value": number, "log": str(notes), "seconds": 0.7}],
        "blob": ["plain.blob", {"length": 300_000, "fill": link("wait.value"), "pause": 0.05}],
        "first": ["plain.first_byte", {"blob": link("blob.blob")}],
        "save": ["fault.picture", {"seed": link("first.value"), "log": str(notes), "side": 300}],
    }
    return document(nodes)


async def put(client: Client, content: bytes) -> Reply:
    digest, headers = hashlib.sha256(content).hexdigest(), {"Content-Type": "application/octet-stream"}
    return await client.ask("PUT", f"/api/assets/{digest}", data=content, headers=headers)


async def unwell(client: Client) -> float:
    """Wait until the service says that the disk is full, and return the seconds that took."""
    began = time.monotonic()
    async with asyncio.timeout(30):
        while (reply := await client.ask("GET", "/readyz")).status == 200:
            await asyncio.sleep(0.05)
    assert any("the disk is full" in reason for reason in reply.data["reasons"]), reply.data
    return time.monotonic() - began


async def begun(notes: Notes, what: str, node: str, times: int) -> None:
    """Wait until a node has begun or ended so often."""
    async with asyncio.timeout(30):
        while sum(note[:2] == (what, node) for note in notes.read()) < times:
            await asyncio.sleep(0.01)


class Kept:
    """What a service has acknowledged, or refused."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.jobs: list[str] = []
        self.versions = 0
        self.files: list[str] = []
        self.refused = 0

    async def burst(self, name: str) -> None:
        """Try to write to the database and to the folder of files, in each way there is."""
        for index in range(5):
            filler = {f"n{number}": ["plain.number", {"value": number}] for number in range(300)}
            body = {"workflow": document(filler, title=f"{name}-{index}"), "id": f"{name}-{index}"}
            if self._accepted(await self.client.ask("POST", "/api/jobs", body)):
                self.jobs.append(f"{name}-{index}")
        body = {"workflow": document({"n": ["plain.number", {}]}, title=name)}
        self.versions += self._accepted(await self.client.ask("PUT", "/api/workflows/flow", body))
        content = hashlib.sha256(name.encode()).digest() * 10_000
        reply = await put(self.client, content)
        if self._accepted(reply):
            self.files.append(reply.data["digest"])

    def _accepted(self, reply: Reply) -> bool:
        if reply.status in {200, 201}:
            return True
        assert (reply.status, reply.data["code"]) in REFUSED
        self.refused += 1
        return False

    async def verify(self) -> None:
        """All that was acknowledged is there, whole, and no more."""
        for id_ in self.jobs:
            assert (await self.client.ended(id_))["state"] == "done"
        if self.versions:
            saved = (await self.client.get("/api/workflows/flow/versions"))["versions"]
            assert len(saved) == self.versions
        for digest in self.files:
            reply = await self.client.ask("GET", f"/api/assets/{digest}")
            assert hashlib.sha256(reply.content).hexdigest() == digest


async def test_a_full_disk_is_reported_and_all_works_again(tmp_path: Path, figure: Figure) -> None:
    notes, slowest, failed = Notes(tmp_path / "notes"), 0.0, 0
    with small_disk(tmp_path / "disk", 200) as disk:
        async with served(disk.folder / "data") as (_, client):
            kept = Kept(client)
            for cycle in range(TRIALS):
                job = (await client.submit(saving(cycle, notes.path), id=f"saving{cycle}"))["id"]
                await begun(notes, "begin", "wait", cycle + 1)
                disk.fill()
                slowest = max(slowest, await unwell(client))
                before = kept.refused
                await kept.burst(f"full{cycle}")
                assert kept.refused > before
                await begun(notes, "begin", "save", cycle + 1 + failed)
                assert (await client.ask("GET", "/healthz")).status == 200
                disk.empty()
                await ready(client)
                ended = await client.ended(job)
                if ended["state"] == "failed":
                    failed += 1
                    assert "No space left" in ended["failure"]["message"], ended["failure"]
                    assert (await client.ask("POST", f"/api/jobs/{job}/retry")).status == 200
                    ended = await client.ended(job)
                assert ended["state"] == "done", ended["failure"]
                kept.files.append(ended["result"]["files"][0]["digest"])
                refused = kept.refused
                await kept.burst(f"free{cycle}")
                assert kept.refused == refused
                await canary(client)
                await kept.verify()
                await tidied(disk.folder)
    figure(
        f"R10 (HTTP): {TRIALS} full disks: told within {slowest:.1f} s; {kept.refused} writes refused, {failed} saves "
        f"failed, {len(kept.jobs)} jobs, {kept.versions} versions and {len(kept.files)} files kept, all whole; "
        f"{bound(TRIALS)}"
    )
