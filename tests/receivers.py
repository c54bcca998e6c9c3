"""Somebody on the loopback who is told things: an HTTP server that notes what comes, and answers as a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import standardwebhooks
from aiohttp import web

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """Return what is told, if the signature is what the writers of the specification expect."""
        return standardwebhooks.Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What came, and what is answered next; 204 when nothing is left."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[Respond] = field(default_factory=list)
    connections: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Got(request.path_qs, headers, await request.read()))
        return await self.answers.pop(0)(request) if self.answers else web.Response(status=204)

    async def wait(self, number: int, seconds: float = 30.0) -> list[Got]:
        """Wait until so many requests came."""
        async with asyncio.timeout(seconds):
            while len(self.got) < number:
                await asyncio.sleep(0.01)
        return self.got


def status(number: int, **headers: str) -> Respond:
    async def respond(_: web.Request) -> web.StreamResponse:
        return web.Response(status=number, headers=headers)

    return respond


async def hang(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3_600)
    return web.Response()


async def endless(request: web.Request) -> web.StreamResponse:
    """An answer that never ends."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def cut(request: web.Request) -> web.StreamResponse:
    """No answer: the connection breaks."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def receiving(host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, 0)
    await site.start()
    receiver.url = f"http://{host}:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
