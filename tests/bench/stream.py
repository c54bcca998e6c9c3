"""What the stream holds on one machine: 200 clients with 20 events a second each, and a thousand that only listen.

The clients are a process of their own, as they are in life; both share the machine's processors and its clock.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import msgpack
from store import told
from stores import submission
from streaming import Service

from graphengine.node.context import Preview
from graphengine.run.messages import TaskPreview, TaskProgress
from graphengine.server.messages import MSGPACK

CLIENTS = 200
RATE = 20
SECONDS = 10
IDLE = 1_000
PAYLOAD = 20_000

SUBSCRIBE = msgpack.packb({"type": "subscribe", "id": "s", "to": "all"})


async def listen(http: aiohttp.ClientSession, url: str, token: str) -> aiohttp.ClientWebSocketResponse:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    socket = await http.ws_connect(f"{url}/api/ws", protocols=[MSGPACK], headers=headers)
    await socket.receive()
    await socket.send_bytes(SUBSCRIBE)
    await socket.receive()
    return socket


async def clients(url: str, number: int, most: int, token: str = "") -> None:
    """Connect, say so, and print how many live messages came, and when each event arrived, until ``most`` have."""
    arrived: list[tuple[int, float]] = []
    others = 0

    async def read(socket: aiohttp.ClientWebSocketResponse) -> None:
        nonlocal others
        left = most
        async for frame in socket:
            message = msgpack.unpackb(frame.data)
            if message["type"] != "event":
                others += 1
                continue
            arrived.append((message["seq"], time.monotonic()))
            left -= 1
            if not left:
                return

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        sockets = [await listen(http, url, token) for _ in range(number)]
        print("ready", flush=True)
        await asyncio.gather(*map(read, sockets))
        print(others)
        print(*(f"{seq}:{when}" for seq, when in arrived), flush=True)


async def beside(service: Service, number: int, most: int) -> asyncio.subprocess.Process:
    """Start clients in their process, and wait until all are there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        service.url,
        str(number),
        str(most),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        limit=2**26,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def fan_out(service: Service) -> None:
    """Twenty commits a second, each told to every client; ten jobs show progress and previews beside."""
    number = RATE * SECONDS
    process = await beside(service, CLIENTS, number)
    committed: dict[int, float] = {}
    picture = Preview("image/jpeg", bytes(PAYLOAD), 128, 128)
    began, cpu = time.monotonic(), time.process_time()
    for index in range(number):
        seq = (await service.store.queue.submit(submission(f"f{index}"))).job.seq
        committed[seq] = time.monotonic()
        service.feed.tell("f0", "ann", TaskProgress("sample", index, number))
        if index % RATE == 0:
            service.feed.tell("f0", "ann", TaskPreview("sample", picture))
        await asyncio.sleep(max(0.0, began + (index + 1) / RATE - time.monotonic()))
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    out, _ = await process.communicate()
    others, events = out.decode().splitlines()
    arrived = [(int(seq), float(when)) for seq, _, when in (each.partition(":") for each in events.split())]
    assert len(arrived) == CLIENTS * number
    late = [max(0.0, when - committed[seq]) for seq, when in arrived]
    print(f"{CLIENTS} clients x {RATE} events/s {told(late)}, {others} live messages, {share:.0%} of a processor")


async def idle(service: Service) -> None:
    """A thousand that subscribed to everything, and nothing happens."""
    before = resident()
    process = await beside(service, IDLE, 1)
    grown = resident() - before
    print(f"{IDLE:,} idle clients    {grown / 2**20:.1f} MiB, {grown / IDLE / 1e3:.1f} kB each")
    began = time.monotonic()
    await service.store.queue.submit(submission("for-all"))
    await process.communicate()
    print(f"one event to {IDLE:,}    {time.monotonic() - began:.2f} s until the last of them has it and has gone")


def resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        service.works = False
        await service.start()
        await idle(service)
        await fan_out(service)
        await service.stop()


def main() -> None:
    print("\n-- the event stream, over a websocket in msgpack, clients in a process of their own")
    asyncio.run(bench())


if __name__ == "__main__":
    asyncio.run(clients(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
