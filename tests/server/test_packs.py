"""A service and its packs: it answers before they are loaded, loads none itself, and survives the bad ones."""

import asyncio
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil
import pytest
from commands import PACKS
from servers import Client, ServerProcess, document, link, three

from graphengine.errors import NotReady
from graphengine.server.packs import Packs

MORE = """
from typing import Literal
from graphengine.node.declare import node

@node("more.choose", category="own")
def choose(word: Literal[{words}] = "a") -> str:
    '''Choose a word.'''
    return word
"""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """A folder with the plain pack."""
    folder = tmp_path / "packs"
    folder.mkdir()
    shutil.copy(PACKS / "plain_pack.py", folder)
    return folder


def server(data_dir: Path, packs: Path, **environment: str) -> ServerProcess:
    return ServerProcess(data_dir, GRAPHENGINE_PACK_FOLDER=str(packs), **environment)


async def ready(client: Client, seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            with suppress(aiohttp.ClientError):  # it begins anew
                if (await client.ask("GET", "/readyz")).status == 200:
                    return
            await asyncio.sleep(0.05)


# ------------------------------------------------------------------ no pack is loaded


@pytest.mark.torch
async def test_the_service_imports_no_pack_and_no_torch(data_dir: Path, session: aiohttp.ClientSession) -> None:
    """What a process imports, Python tells itself on the standard error stream; its workers are not asked to."""
    packs = {"GRAPHENGINE_PACKS": '["builtin"]', "GRAPHENGINE_PACK_FOLDER": ""}
    served = ServerProcess(data_dir, python=("-X", "importtime"), **packs)
    try:
        client = Client(session, await served.start())
        nodes = {
            "number": ["primitive.float", {"value": 1.5}],
            "sum": ["math.float_arithmetic", {"a": link("number.value"), "b": 1.0}],
        }
        job = await client.submit(document(nodes, outputs={"end": {"from": "sum.value"}}))
        done = await client.ended(job["id"], 120)
        assert done["result"]["outputs"]["end"]["value"] == 2.5
        process = psutil.Process(served.process.pid)
        mapped = {Path(each.path).name for each in process.memory_maps()}
        assert not [name for name in mapped if "torch" in name]
        assert process.memory_info().rss < 250 * 2**20
        assert process.children(), "the node was called in another process"
        assert await served.stop() == 0
    finally:
        served.kill()
    imported = set(re.findall(r"^import time:.*\| +(\S+)$", served.stderr, re.MULTILINE))
    assert "graphengine.server.serving" in imported
    roots = {name.partition(".")[0] for name in imported}
    assert not roots & {"torch", "diffusers", "transformers", "tokenizers", "safetensors", "nodes"}
    assert not [name for name in imported if name.startswith("graphengine.diffusion")]


# ------------------------------------------------------------------ before the packs are loaded


async def test_it_answers_while_packs_are_loaded_and_jobs_wait(
    data_dir: Path, packs: Path, session: aiohttp.ClientSession
) -> None:
    (packs / "slow.py").write_text("import time; time.sleep(4)")
    served = server(data_dir, packs)
    try:
        client = Client(session, await served.start())
        assert (await client.ask("GET", "/healthz")).status == 200
        reply = await client.ask("GET", "/readyz")
        assert (reply.status, reply.data["reasons"]) == (503, ["loading packs"])
        assert (await client.get("/api/queue"))["paused"] is False
        job = await client.submit(three())  # waits until it is known which nodes there are, and is accepted
        assert (await client.ended(job["id"]))["state"] == "done"
        assert (await client.ask("GET", "/readyz")).status == 200
        assert await served.stop() == 0
    finally:
        served.kill()


async def test_told_to_end_it_does_not_wait_for_packs(
    data_dir: Path, packs: Path, session: aiohttp.ClientSession
) -> None:
    (packs / "hangs.py").write_text("import time; time.sleep(1000)")
    served = server(data_dir, packs)
    try:
        client = Client(session, await served.start())
        waiting = asyncio.create_task(client.ask("POST", "/api/jobs", {"workflow": three()}))
        await asyncio.sleep(1.0)
        began = time.monotonic()
        assert await served.stop() == 0
        assert time.monotonic() - began < 20
        assert (await waiting).status == 503
    finally:
        served.kill()


# ------------------------------------------------------------------ bad packs


async def test_bad_packs_are_left_out_and_the_others_work(
    data_dir: Path, packs: Path, session: aiohttp.ClientSession
) -> None:
    bad = {
        "raises": "1/0",
        "exits": "raise SystemExit(0)",
        "leaves": "import os; os._exit(3)",
        "crashes": "import ctypes; ctypes.string_at(1)",
        "hangs": "import time; time.sleep(1000)",
    }
    for name, source in bad.items():
        (packs / f"{name}.py").write_text(source)
    served = server(data_dir, packs, GRAPHENGINE_PACK_TIMEOUT="3")
    try:
        client = Client(session, await served.start())
        told = await client.get("/api/nodes")
        assert {each["pack"] for each in told["faults"]} == bad.keys()
        assert "plain.add" in {each["id"] for each in told["nodes"]}
        assert str(packs) not in str(told["faults"]), "clients hear of no path"
        await ready(client)
        await client.canary()
        refused = await client.ask("POST", "/api/jobs", {"workflow": document({"x": ["raises.node", {}]})})
        assert refused.status == 422
        assert "could not be loaded: the nodes of" in refused.data["problems"][0]["hint"]
        assert await served.stop() == 0
    finally:
        served.kill()
    lines = [line for line in served.stderr.splitlines() if "left out" in line]
    assert sorted(re.findall(r"pack '(\w+)'", "".join(lines))) == sorted(bad)
    assert len(lines) == len(bad)
    assert "Traceback" not in served.stderr


async def test_a_named_pack_that_is_not_there_ends_the_start(data_dir: Path) -> None:
    served = ServerProcess(data_dir, GRAPHENGINE_PACKS='["missing"]')
    try:
        with suppress(AssertionError):
            await served.start()
        assert await served.exit_code() == 2
        assert "no pack 'missing' is installed" in served.stderr
    finally:
        served.kill()


# ------------------------------------------------------------------ what was kept and is not true


async def test_what_is_kept_and_not_true_is_made_anew(
    data_dir: Path, packs: Path, tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    """A pack that reads what nobody knows of: the workers find out, before any job has begun."""
    words = tmp_path / "elsewhere.txt"
    words.write_text('"a"')
    (packs / "more.py").write_text(f"words = open({str(words)!r}).read()\nexec({MORE!r}.replace('{{words}}', words))")
    for name in ("more.py", "plain_pack.py"):
        os.utime(packs / name, (time.time() - 60, time.time() - 60))
    for expected, accepted in (('"a"', 422), ('"a", "b"', 201)):
        words.write_text(expected)
        served = server(data_dir, packs)
        try:
            client = Client(session, await served.start())
            await ready(client)
            chosen = document({"c": ["more.choose", {"word": "b"}]}, outputs={"end": {"from": "c.value"}})
            reply = await client.ask("POST", "/api/jobs", {"workflow": chosen, "id": "choice"})
            assert reply.status == accepted, reply.data
            if accepted == 201:
                done = await client.ended("choice")
                assert done["result"]["outputs"]["end"]["value"] == "b"
            await client.canary()
            assert await served.stop(signal.SIGINT) == 0
        finally:
            served.kill()
        assert ("they are loaded again" in served.stderr) == (accepted == 201)


async def test_who_needs_packs_is_told_in_time_to_come_again() -> None:
    class Engine:
        faults = ()

        def load(self) -> None: ...

        def confirm(self) -> None: ...

        def give_up(self) -> None: ...

    packs = Packs(Engine(), patience=0.01)
    with pytest.raises(NotReady, match="still being loaded"):
        await packs.wait()
    begun: list[int] = []
    await packs.load(lambda: begun.append(1))
    await packs.wait()
    assert (packs.reason, begun) == ("", [1])


async def test_as_long_as_no_worker_starts_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphengine.server.packs._AGAIN", 0.01)

    class Engine:
        faults = ()
        refusals = 3

        def load(self) -> None: ...

        def confirm(self) -> None:
            self.refusals -= 1
            if self.refusals:
                reasons.append(packs.reason)
                raise NotReady("a worker process could not start: no memory")

        def give_up(self) -> None: ...

    reasons: list[str] = []
    packs = Packs(Engine())
    await packs.load(lambda: None)
    assert reasons == ["loading packs", "a worker process could not start: no memory"]
    assert packs.reason == ""
