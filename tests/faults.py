"""What the tests of faults share: how often each is tried, and a server in a process that may come to harm."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from servers import PATIENCE, Client, ServerProcess, document, link

TRIALS = int(os.environ.get("GRAPHENGINE_TRIALS", "2"))
"""How often each fault is tried, at 50 as often as promised; each test says how it scales this."""

Figure = Callable[[str], None]

_numbers = count(1)


def settled(claim: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until something is so, without an event loop; return whether it is."""
    until = time.monotonic() + seconds
    while not claim() and time.monotonic() < until:
        time.sleep(0.01)
    return claim()


def alive(pid: int) -> bool:
    """Return whether there is a process that has not ended."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def bound(trials: int) -> str:
    """What no failure in so many trials says: the rule of three."""
    return f"0 failures in {trials:,} trials: at most {min(1.0, 3 / trials):.1%} with 95 % confidence"


@asynccontextmanager
async def served(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[tuple[ServerProcess, Client]]:
    """Run a server in a process of its own, and be told when it is ready; it is killed at the end."""
    server = ServerProcess(folder, *arguments, **environment)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        try:
            yield server, await begun(server, session)
        finally:
            server.kill()


async def begun(server: ServerProcess, session: aiohttp.ClientSession) -> Client:
    """Start a server, and wait until it is ready."""
    client = Client(session, await server.start())
    await ready(client)
    return client


async def ready(client: Client) -> None:
    """Wait until a server can do its work."""
    async with asyncio.timeout(PATIENCE):
        while (await client.ask("GET", "/readyz")).status != 200:
            await asyncio.sleep(0.05)


def fresh() -> dict[str, Any]:
    """A small workflow that nobody has run, so that no result of it is kept."""
    nodes = {
        "number": ["plain.number", {"value": next(_numbers)}],
        "add": ["plain.add", {"a": link("number.value"), "b": 1}],
    }
    return document(nodes, outputs={"end": {"from": "add.value"}})


async def canary(client: Client, seconds: float = 5.0) -> None:
    """A job whose nodes must be called is run to its end in good time."""
    job = await client.submit(fresh())
    done = await client.ended(job["id"], seconds)
    assert done["state"] == "done", done["failure"]


async def gauge(client: Client, name: str) -> float:
    """Return what a server says of itself."""
    page = (await client.ask("GET", "/metrics")).content.decode()
    (line,) = (line for line in page.splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


async def loop_lag(client: Client) -> float:
    """Return the most seconds by which the loop of a server came late."""
    return await gauge(client, "graphengine_loop_lag_seconds_max")


async def tidied(folder: Path, seconds: float = 10.0) -> None:
    """Wait until there is no temporary file in a folder."""
    async with asyncio.timeout(seconds):
        while await asyncio.to_thread(lambda: any(folder.rglob("*.part"))):
            await asyncio.sleep(0.05)


class Notes:
    """What nodes of the pack of faults have noted in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def read(self) -> list[tuple[str, str, int, float]]:
        """Return all notes: what, node, process, time."""
        words = (line.split() for line in self.path.read_text().splitlines())
        return [(what, node, int(pid), float(when)) for what, node, pid, when in words]

    async def begun(self, after: int) -> int:
        """Wait for a node to begin behind the first ``after`` notes, and return its process."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for what, _, pid, _ in reversed(self.read()[after:]):
                    if what == "begin":
                        return pid
                await asyncio.sleep(0.002)
