"""What a whole service holds on one machine: ``graphengine serve`` as it is installed, asked from another process.

Everything is durable: a job counts as submitted after its commit, and as finished when the entry of the log that
says so, which is on the disk by then, has reached the client.
"""

import asyncio
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import msgpack
import psutil
from store import told
from stream import clients as stream_clients

from graphengine.server.access import add_token
from graphengine.server.messages import MSGPACK

CLIENTS = 8
JOBS = 1_200
SUBMITS = 400
NBYTES = 20_000
OFFERED = 100
LISTENERS = 200
RATE = 20
SECONDS = 5
PATIENCE = 120.0


def trivial(value: float) -> dict[str, Any]:
    """Three nodes that do next to nothing, and an output; no two are the same."""
    nodes = {
        "number": {"type": "primitive.float", "inputs": {"value": value}},
        "sum": {"type": "math.float_arithmetic", "inputs": {"a": {"$link": "number.value"}, "b": 1.0}},
        "whole": {"type": "math.round", "inputs": {"value": {"$link": "sum.value"}}},
    }
    outputs = {"end": {"from": "whole.value"}}
    return {"format": "graphengine.workflow", "version": 1, "title": "three", "nodes": nodes, "outputs": outputs}


def large(number: int) -> dict[str, Any]:
    """A document of 20 kB."""
    nodes = {f"n{index}": {"type": "primitive.float", "inputs": {"value": index}} for index in range(NBYTES // 60)}
    return {"format": "graphengine.workflow", "version": 1, "title": f"large {number}", "nodes": nodes}


@dataclass
class Served:
    """A service in a process of its own, and what it took to start."""

    process: asyncio.subprocess.Process
    url: str
    tokens: Sequence[str]
    answered: float
    ready: float

    def resident(self) -> tuple[float, float]:
        """Return the MiB of memory of the service's own process, and of all its workers."""
        own = psutil.Process(self.process.pid)
        workers = sum(child.memory_info().rss for child in own.children(recursive=True))
        return own.memory_info().rss / 2**20, workers / 2**20

    def headers(self, client: int = 0) -> dict[str, str]:
        """Return what says who asks."""
        return {"Authorization": f"Bearer {self.tokens[client]}"}


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Served]:
    """Start a service with an owner for each client, and end it."""
    tokens = [add_token(folder, f"client-{number}", "admin") for number in range(CLIENTS)]
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "graphengine", "serve", "--port", "0", "--data-dir", str(folder)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout is not None
        found = re.search(rb"http://\S+", await process.stdout.readline())
        assert found is not None
        url = found[0].decode()
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{url}/healthz") as reply:
                assert reply.status == 200
            answered = time.perf_counter() - began
            async with asyncio.timeout(PATIENCE):
                while not await is_ready(http, url):
                    await asyncio.sleep(0.02)
        yield Served(process, url, tokens, answered, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def is_ready(http: aiohttp.ClientSession, url: str) -> bool:
    async with http.get(f"{url}/readyz") as reply:
        return reply.status == 200


async def set_paused(http: aiohttp.ClientSession, served: Served, word: str) -> None:
    async with http.post(f"{served.url}/api/queue/{word}", json={}, headers=served.headers()) as reply:
        assert reply.status == 200


# ------------------------------------------------------------------ small jobs from their submission to their end


async def live(http: aiohttp.ClientSession, served: Served, client: int, jobs: int, seconds: list[float]) -> None:
    """Submit one small job after another on a websocket, each when the end of the last was told."""
    url, headers = f"{served.url}/api/ws", served.headers(client)
    async with http.ws_connect(url, protocols=[MSGPACK], headers=headers) as socket:
        await socket.receive()
        await socket.send_bytes(msgpack.packb({"type": "subscribe", "id": "s", "to": "own"}))
        await socket.receive()
        for index in range(jobs):
            id_ = f"{client}-{time.monotonic_ns()}"
            asked = {"type": "submit", "id": id_, "job": id_, "workflow": trivial(client * 1e6 + index)}
            began = time.perf_counter()
            await socket.send_bytes(msgpack.packb(asked))
            await ended(socket, id_)
            seconds.append(time.perf_counter() - began)


async def ended(socket: aiohttp.ClientWebSocketResponse, id_: str) -> None:
    while True:
        message = msgpack.unpackb((await socket.receive()).data)
        if message["type"] == "event" and message["kind"] == "finished" and message["job"] == id_:
            assert message["data"]["state"] == "done", message
            return
        assert message["type"] != "reply" or message["problem"] is None, message


async def small_jobs(http: aiohttp.ClientSession, served: Served) -> None:
    await live(http, served, 0, 200, [])  # the workers have started, and everything is warm
    for clients in (1, CLIENTS):
        seconds: list[float] = []
        began = time.perf_counter()
        jobs = JOBS // 2 if clients == 1 else JOBS
        await asyncio.gather(*[live(http, served, client, jobs // clients, seconds) for client in range(clients)])
        rate = len(seconds) / (time.perf_counter() - began)
        ordered = sorted(seconds)
        p95 = ordered[int(len(ordered) * 0.95)] * 1e3
        print(
            f"clients: {clients}, 3 nodes    {rate:6.0f} jobs/s, submit to finished {told(seconds)}, p95 {p95:.1f} ms"
        )


# ------------------------------------------------------------------ large submissions, and many who listen


async def submits(http: aiohttp.ClientSession, served: Served) -> None:
    """Eight submitters over HTTP, each with its next document when the last one was accepted."""
    seconds: list[float] = []

    async def submitter(client: int) -> None:
        for index in range(SUBMITS // CLIENTS):
            body = {"workflow": large(client * SUBMITS + index), "id": f"large-{client}-{index}"}
            began = time.perf_counter()
            async with http.post(f"{served.url}/api/jobs", json=body, headers=served.headers(client)) as reply:
                assert reply.status == 201
            seconds.append(time.perf_counter() - began)

    await set_paused(http, served, "pause")
    began = time.perf_counter()
    await asyncio.gather(*map(submitter, range(CLIENTS)))
    print(f"documents of {NBYTES // 1000} kB {SUBMITS / (time.perf_counter() - began):6.0f} submits/s, {told(seconds)}")


async def offered(http: aiohttp.ClientSession, served: Served) -> None:
    """So many documents a second as a service must hold, sent when their time has come, whether or not others wait."""
    seconds: list[float] = []

    async def send(number: int, due: float) -> None:
        await asyncio.sleep(due - time.perf_counter())
        body = {"workflow": large(-1 - number), "id": f"offered-{number}"}
        async with http.post(f"{served.url}/api/jobs", json=body, headers=served.headers(number % CLIENTS)) as reply:
            assert reply.status == 201
        seconds.append(time.perf_counter() - due)

    began = time.perf_counter() + 0.1
    await asyncio.gather(*[send(number, began + number / OFFERED) for number in range(OFFERED * SECONDS)])
    rate = len(seconds) / (time.perf_counter() - began)
    print(f"the same, {OFFERED} offered    {rate:6.0f} submits/s, {told(seconds)}")


async def fan_out(http: aiohttp.ClientSession, served: Served) -> None:
    """Twenty submissions a second, each told to 200 clients; the queue is paused, so that nothing else is told."""
    listeners = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, served.url, served.tokens[0], str(RATE * SECONDS)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        limit=2**26,
    )
    assert listeners.stdout is not None
    assert await listeners.stdout.readline() == b"ready\n"
    committed: dict[int, float] = {}
    async with http.ws_connect(f"{served.url}/api/ws", protocols=[MSGPACK], headers=served.headers()) as socket:
        await socket.receive()
        began = time.monotonic()
        for index in range(RATE * SECONDS):
            asked = {"type": "submit", "id": "x", "job": f"told-{index}", "workflow": trivial(-index - 1.0)}
            await socket.send_bytes(msgpack.packb(asked))
            reply = msgpack.unpackb((await socket.receive()).data)
            committed[reply["result"]["job"]["seq"]] = time.monotonic()
            await asyncio.sleep(max(0.0, began + (index + 1) / RATE - time.monotonic()))
    out, _ = await listeners.communicate()
    _, events = out.decode().splitlines()
    arrived = [(int(seq), float(when)) for seq, _, when in (each.partition(":") for each in events.split())]
    assert len(arrived) == LISTENERS * RATE * SECONDS
    late = [max(0.0, when - committed[seq]) for seq, when in arrived]
    print(f"{LISTENERS} listeners x {RATE}/s  {told(late)} after the reply")


async def go(folder: Path) -> None:
    print("\n-- a whole service, durable, with the built-in nodes; clients in another process, on the same processors")
    async with serving(folder / "first"):
        pass  # what is kept from one start to the next is there now
    async with serving(folder / "first") as served, aiohttp.ClientSession() as http:
        own, workers = served.resident()
        print(f"first answer after {served.answered:.2f} s, ready after {served.ready:.2f} s")
        print(f"idle: {own:.0f} MiB in the service's process, {workers:.0f} MiB in its workers")
        await small_jobs(http, served)
        await submits(http, served)
        await offered(http, served)
        await fan_out(http, served)
        own, workers = served.resident()
        print(f"after that: {own:.0f} MiB in the service's process, {workers:.0f} MiB in its workers")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(Path(folder)))


if __name__ == "__main__":
    url, token, number = sys.argv[1:]
    asyncio.run(stream_clients(url, LISTENERS, int(number), token))
