"""Killed workers and engines: R2 (committed once), R3 (whole or absent), R5 (a crash costs one job), R27 (no loop).

At 50 trials: 200 kills of a worker, 200 amid a save, and each kind of crash 50 times.
"""

import asyncio
import hashlib
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import aiohttp
import fault_pack
import pytest
from faults import TRIALS, Figure, Notes, begun, bound, canary, served, tidied
from PIL import Image
from servers import PATIENCE, Client, document, link

_CLOSE = 0.3  # a node whose end was noted so shortly before a kill may not have been heard of


def killed(pid: int) -> float:
    """Kill a process, if it is still there, and return when."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return time.monotonic()


# ------------------------------------------------------------------ R2: committed once


def chain(number: int, log: Path) -> dict[str, Any]:
    """Four nodes one after another that note what they do, and two files of what they find."""
    nodes: dict[str, list[Any]] = {"start": ["plain.limited", {"seed": number}]}
    before = "start.value"
    for name in (f"j{number}a", f"j{number}b", f"j{number}c", f"j{number}d"):
        nodes[name] = ["fault.noted", {"value": link(before), "log": str(log)}]
        before = f"{name}.value"
    for index, source in enumerate((f"j{number}b.value", before)):
        nodes[f"show{index}"] = ["plain.show", {"value": link(source)}]
        nodes[f"write{index}"] = ["plain.write", {"text": link(f"show{index}.value"), "name": f"file{index}"}]
    return document(nodes, outputs={"end": {"from": before}})


async def test_a_killed_worker_costs_only_what_it_was_doing(tmp_path: Path, data_dir: Path, figure: Figure) -> None:
    kills, done, chance, notes = 4 * TRIALS, 0, random.Random(2), Notes(tmp_path / "notes")
    hits: Counter[str] = Counter()
    async with served(data_dir) as (_, client):
        number = 0
        while done < kills:
            id_ = f"job{number}"
            workflow, seen = chain(number, notes.path), len(notes.read())
            await client.submit(workflow, id=id_)
            for _ in range(min(chance.randint(1, 3), kills - done)):
                pid = await busy(client, id_, notes, seen)
                if pid is None:
                    break
                await asyncio.sleep(chance.uniform(0, 0.15))
                hits.update(hit(notes, pid, killed(pid)))
                done += 1
                seen = len(notes.read())
                if not await went_on(client, id_):
                    break
            while await went_on(client, id_):
                pass
            await assert_once(client, data_dir, id_, 20 + number + 4)
            number += 1
        await tidied(data_dir)
    begins = Counter(node for what, node, _, _ in notes.read() if what == "begin")
    assert len(begins) == 4 * number
    assert all(begins[node] <= 1 + hits[node] for node in begins), (begins, hits)
    again = sum(begins.values()) - len(begins)
    figure(
        f"R2: {kills} SIGKILLs of a worker in {number} jobs: {again} nodes ran again, all of them hit; {bound(kills)}"
    )


async def busy(client: Client, id_: str, notes: Notes, seen: int) -> int | None:
    """Return the process where a node of a job begins next, or None when none does: all are done."""
    beginning = asyncio.create_task(notes.begun(seen))
    ending = asyncio.create_task(client.ended(id_))
    await asyncio.wait([beginning, ending], return_when=asyncio.FIRST_COMPLETED)
    pid = await beginning if beginning.done() else None
    for task in (beginning, ending):
        task.cancel()
    await asyncio.gather(beginning, ending, return_exceptions=True)
    return pid


def hit(notes: Notes, pid: int, when: float) -> list[str]:
    """Return the node that a process was at when it was killed."""
    last: list[str] = []
    for what, node, by, at in notes.read():
        if by == pid:
            last = [node] if what == "begin" or when - at < _CLOSE else []
    return last


async def went_on(client: Client, id_: str) -> bool:
    """Wait for the end of a job; if its worker died, retry it."""
    job = await client.ended(id_)
    if job["state"] == "done":
        return False
    assert job["failure"]["code"] == "worker_died"
    assert (await client.ask("POST", f"/api/jobs/{id_}/retry")).status == 200
    return True


async def assert_once(client: Client, data_dir: Path, id_: str, end: int) -> None:
    job = await client.get(f"/api/jobs/{id_}")
    assert job["result"]["outputs"]["end"]["value"] == end
    assert sorted(each["task"] for each in job["result"]["files"]) == ["write0", "write1"]
    assert sorted(path.name for path in (data_dir / "outputs" / id_).iterdir()) == [
        "file0_00001.txt",
        "file1_00001.txt",
    ]


# ------------------------------------------------------------------ R3: whole or absent


async def test_a_kill_amid_a_save_leaves_no_half_file(tmp_path: Path, data_dir: Path, figure: Figure) -> None:
    """Nine in ten kills are of the worker, and one is of the whole engine."""
    kills, chance, notes = 4 * TRIALS, random.Random(3), Notes(tmp_path / "notes")
    whole = cut = 0
    async with served(data_dir) as (server, first):
        client = first
        for number in range(kills):
            seen = len(notes.read())
            workflow = document({"save": ["fault.picture", {"seed": number, "log": str(notes.path)}]})
            await client.submit(workflow, id=f"job{number}")
            pid = await notes.begun(seen)
            await asyncio.sleep(chance.uniform(0, 0.02))
            if number % 10 == 9:
                await server.stop(signal.SIGKILL)
                client = await begun(server, client.session)
            else:
                killed(pid)
            job = await client.ended(f"job{number}")
            assert job["state"] == "done" or job["failure"]["code"] == "worker_died"
            for file in (job["result"] or {"files": []})["files"]:
                reply = await client.ask("GET", f"/api/results/{file['digest']}")
                assert hashlib.sha256(reply.content).hexdigest() == file["digest"]
            found = len(list((data_dir / "outputs" / f"job{number}").glob("*.png")))
            assert found <= 1
            whole += found
            cut += job["state"] != "done"
        await tidied(data_dir)
    assert_whole(data_dir)
    figure(f"R3: {kills} SIGKILLs amid a save: {cut} cut short, {whole} files, each whole; {bound(kills)}")


def assert_whole(data_dir: Path) -> None:
    for path in (data_dir / "outputs").rglob("*.png"):
        with Image.open(path) as picture:
            picture.load()
    for path in (data_dir / "assets").glob("*"):  # none, if every save was cut short
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


# ------------------------------------------------------------------ R5: a crash costs one job


class Pulse:
    """Asks a server all the time whether it is there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.asked = 0
        self.slowest = 0.0

    async def beat(self) -> None:
        while True:
            began = time.monotonic()
            assert (await self.client.ask("GET", "/healthz")).status == 200
            self.asked += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            await asyncio.sleep(0.02)


async def test_a_crash_fails_its_job_and_the_server_answers(data_dir: Path, figure: Figure) -> None:
    kinds, slowest = get_args(fault_pack.Crash), 0.0
    async with served(data_dir) as (server, client), aiohttp.ClientSession() as session:
        pulse = Pulse(Client(session, client.address))
        beating = asyncio.create_task(pulse.beat())
        await canary(client)
        for _ in range(TRIALS):
            for how in kinds:
                began = time.monotonic()
                job = await client.submit(document({"crash": ["fault.crash", {"how": how}]}))
                failed = await client.ended(job["id"], 5)
                slowest = max(slowest, time.monotonic() - began)
                assert (failed["state"], failed["failure"]["code"]) == ("failed", "worker_died")
                await canary(client)
        assert not beating.done(), "each answer was there, and was well"
        beating.cancel()
        assert server.process.poll() is None
    total = TRIALS * len(kinds)
    figure(
        f"R5: {total} crashes of {len(kinds)} kinds: each job failed within {slowest:.1f} s and the next ran; HTTP up "
        f"{pulse.asked} of {pulse.asked} times, slowest {pulse.slowest * 1e3:.0f} ms; {bound(total)}"
    )


# ------------------------------------------------------------------ R27: a poison job cannot loop


@pytest.mark.parametrize("trial", range(max(1, TRIALS // 10)))
async def test_a_job_that_kills_the_engine_is_tried_twice(
    tmp_path: Path, data_dir: Path, figure: Figure, trial: int
) -> None:
    victim = tmp_path / "victim"
    async with served(data_dir) as (server, first):
        client = first
        await client.submit(document({"poison": ["fault.poison", {"victim": str(victim)}]}), id="poison")
        for attempt in (1, 2):
            job = await client.state("poison", {"running"})
            assert job["attempt"] == attempt
            victim.write_text(str(server.process.pid))
            assert await asyncio.wait_for(server.exit_code(), PATIENCE) == -signal.SIGKILL
            victim.unlink()
            client = await begun(server, client.session)
        failed = await client.get("/api/jobs/poison")
        assert (failed["state"], failed["failure"]["code"]) == ("failed", "interrupted")
        await canary(client)
        assert await server.stop() == 0
    figure(f"R27: a job that kills the engine: 2 attempts, then failed, and the next one ran (trial {trial + 1})")
