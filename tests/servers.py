"""What the tests of the service share: a real server on the loopback, and a short way to ask it."""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from commands import PACKS

from graphengine.app import Engine
from graphengine.server.serving import ServeOptions, serve

PATIENCE = 30.0
CANARY = 5.0
"""The seconds in which a plain job is done, whatever was sent before."""

ENDED = {"done", "failed", "cancelled"}


def document(nodes: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    """A workflow as JSON, from nodes written as ``[type, inputs]``."""
    written = {name: {"type": type_, "inputs": inputs} for name, (type_, inputs) in nodes.items()}
    return {"format": "graphengine.workflow", "version": 1, "nodes": written, **rest}


def link(address: str) -> dict[str, str]:
    return {"$link": address}


def three(value: float = 1.0) -> dict[str, Any]:
    """Three trivial nodes; ``end`` is ``value`` + 1."""
    nodes = {
        "number": ["plain.number", {"value": value}],
        "add": ["plain.add", {"a": link("number.value"), "b": 1}],
        "pass": ["plain.pass", {"value": link("add.value")}],
    }
    outputs = {"end": {"from": "pass.value"}}
    return document(nodes, title="three", inputs={"value": {"to": ["number.value"]}}, outputs=outputs)


def slow(seconds: float, seed: int = 0) -> dict[str, Any]:
    """One node that takes steps of 20 ms; ``seed`` tells calls apart that would else be the same."""
    count = int(seconds * 50)
    nodes = {"steps": ["plain.steps", {"count": count, "pause": 0.02 + seed * 1e-6}]}
    return document(nodes, outputs={"end": {"from": "steps.value"}})


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    data: Any


class Client:
    """Asks one server."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Reply:
        """Send a request; a body is sent as JSON, and mutations have at least an empty one."""
        if body is not None or (method in {"POST", "PUT"} and "data" not in more):
            more["json"] = {} if body is None else body
        async with self.session.request(method, self.address + path, **more) as response:
            content = await response.read()
            data = await response.json(content_type=None) if "json" in response.content_type else None
            return Reply(response.status, response.headers, content, data)

    async def get(self, path: str, **more: Any) -> Any:
        reply = await self.ask("GET", path, **more)
        assert reply.status == 200, reply.data
        return reply.data

    async def submit(self, workflow: Any, **more: Any) -> Any:
        reply = await self.ask("POST", "/api/jobs", {"workflow": workflow, **more})
        assert reply.status == 201, reply.data
        return reply.data

    async def ended(self, id_: str, seconds: float = PATIENCE) -> Any:
        """Return a job when it is over."""
        return await self.state(id_, ENDED, seconds)

    async def state(self, id_: str, states: set[str], seconds: float = PATIENCE) -> Any:
        async with asyncio.timeout(seconds):
            while True:
                job = await self.get(f"/api/jobs/{id_}")
                if job["state"] in states:
                    return job
                await asyncio.sleep(0.01)

    async def canary(self) -> None:
        """A plain job is run to its end in good time."""
        job = await self.submit(three())
        done = await self.ended(job["id"], CANARY)
        assert done["state"] == "done"
        assert done["result"]["outputs"]["end"]["value"] == 2.0


@asynccontextmanager
async def serving(engine: Engine, folder: Path, **options: Any) -> AsyncIterator[Client]:
    """Serve in this event loop, at a free port."""
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    chosen = ServeOptions(**{"folder": folder, "port": 0, "grace": 5.0, **options})
    server = asyncio.create_task(serve(engine, chosen, address.set_result, stop))
    await asyncio.wait([server, address], return_when=asyncio.FIRST_COMPLETED)
    if server.done():
        await server
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(session, address.result())
    finally:
        stop.set()
        await server
        await asyncio.to_thread(engine.close)


class ServerProcess:
    """``graphengine serve`` in a process of its own, with the plain pack.

    Args:
        python: options of the interpreter.
    """

    def __init__(self, folder: Path, *arguments: str, python: Sequence[str] = (), **environment: str) -> None:
        self._folder = folder
        self._arguments = arguments
        self._python = python
        self._environment = environment
        self._errors = folder.with_name(f"{folder.name}-{secrets.token_hex(4)}.stderr")  # a pipe would fill up

    async def start(self) -> str:
        """Start it, and return its address."""
        variables = {
            "GRAPHENGINE_PACKS": "[]",
            "GRAPHENGINE_PACK_FOLDER": str(PACKS),
            "GRAPHENGINE_GRACE_SECONDS": "1",
            **self._environment,
        }
        command = [sys.executable, *self._python, "-m", "graphengine", "serve", "--port", "0"]
        self._errors.parent.mkdir(parents=True, exist_ok=True)
        with self._errors.open("a") as errors:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
                [*command, "--data-dir", str(self._folder), *self._arguments],
                env={**os.environ, **variables},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        found = re.search(r"http://\S+", line)
        if found is None:
            await self.exit_code()
            raise AssertionError(f"it did not start: {line}{self.stderr}")
        return found[0]

    @property
    def stderr(self) -> str:
        """What it and its workers have said, beside the address."""
        return self._errors.read_text()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return await self.exit_code()

    async def exit_code(self) -> int:
        await asyncio.to_thread(self.process.communicate, timeout=PATIENCE)
        return self.process.returncode

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
