"""A connection that comes back: requests are sent again, and subscriptions go on where they were.

Every request may be sent twice, for the service does it once: a submission has an id, to cancel what is cancelled
changes nothing, and to look never does. Only ``retry`` and
what removes something are refused the second time, so a client learns which requests were sent again.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import aiohttp
import msgpack

from graphengine.client.errors import Disconnected, Refused
from graphengine.client.subscription import Subscription
from graphengine.server.messages import MSGPACK, Hello, Message, Reply
from graphengine.server.wire import MalformedMessage, message_of

_FIRST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 5.0
_HEARTBEAT: Final = 10.0
_TRIES: Final = 10.0
_MOST_BYTES: Final = 64 * 2**20


@dataclass(slots=True)
class _Asked:
    """A request that was not answered yet; ``repeated`` if an answer may have been lost."""

    request: dict[str, Any]
    reply: asyncio.Future[dict[str, Any]]
    repeated: bool = False


class Connection:
    """One websocket at a time, to one service."""

    def __init__(self, url: str, headers: dict[str, str], patience: float) -> None:
        self._url = url
        self._headers = headers
        self._patience = patience
        self._numbers = count(1)
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._owner = ""
        self._asked: dict[str, _Asked] = {}
        self._subscriptions: set[Subscription] = set()
        self._greeted = asyncio.Event()
        self._failure: Exception | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """For what is fetched beside the websocket."""
        if self._http is None:
            raise Disconnected("the client is not open: use it in an async with block")
        return self._http

    async def open(self) -> None:
        """Connect for the first time.

        Raises:
            Disconnected: nobody answers, or does not let the client in.
        """
        self._http = aiohttp.ClientSession(headers=self._headers)
        self._task = asyncio.create_task(self._keep())
        await self._greeted.wait()
        if self._failure is not None:
            await self.close()
            raise self._failure

    async def close(self) -> None:
        """Let go of the service; who still waits gets ``Disconnected``."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._give_up(Disconnected("the client is closed"))
        if self._http is not None:
            await self._http.close()

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a request, however often it must be sent.

        Raises:
            Refused: the service does not do it.
            Disconnected: the service is gone; whether it did it is not known.
        """
        if self._failure is not None:
            raise self._failure
        id_ = str(next(self._numbers))
        asked = self._asked[id_] = _Asked({**request, "id": id_}, asyncio.get_running_loop().create_future())
        try:
            await self._send(asked.request)
            return await asked.reply
        except Refused as error:
            error.repeated = asked.repeated
            raise
        finally:
            del self._asked[id_]

    async def follow(self, subscription: Subscription) -> None:
        """Begin a subscription."""
        if self._failure is not None:
            raise self._failure
        self._subscriptions.add(subscription)
        if self._greeted.is_set():
            await self._send(subscription.request(str(next(self._numbers))))

    async def forget(self, subscription: Subscription) -> None:
        """End a subscription."""
        self._subscriptions.discard(subscription)
        if subscription.begun and self._socket is not None:
            await self._send({"type": "unsubscribe", "id": str(next(self._numbers)), "subscription": subscription.id})

    # -------------------------------------------------------------- the one task that keeps it

    async def _keep(self) -> None:
        """Connect, listen, and connect again, until there was no service for too long."""
        loop = asyncio.get_running_loop()
        seen, wait = loop.time(), _FIRST_WAIT
        while True:
            try:
                if await self._connected():
                    seen, wait = loop.time(), _FIRST_WAIT
            except aiohttp.WSServerHandshakeError as error:
                if 400 <= error.status < 500 and error.status != 429:
                    return self._give_up(
                        Disconnected(f"{self._url} does not let this client in: status {error.status}")
                    )
            except (aiohttp.ClientError, OSError, MalformedMessage):
                pass
            if loop.time() - seen > self._patience:
                return self._give_up(Disconnected(f"{self._url} does not answer"))
            await asyncio.sleep(wait * random.uniform(0.5, 1))  # noqa: S311 - so that not all clients come at once
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _connected(self) -> bool:
        """Be connected once, until it ends; return whether the service has greeted."""
        limits = aiohttp.ClientWSTimeout(ws_close=1.0)
        async with asyncio.timeout(_TRIES):
            socket = await self.http.ws_connect(
                self._url, protocols=[MSGPACK], heartbeat=_HEARTBEAT, max_msg_size=_MOST_BYTES, timeout=limits
            )
        greeted = False
        try:
            async for frame in socket:
                if frame.type is not aiohttp.WSMsgType.BINARY:
                    break
                message = message_of(frame.data)
                if isinstance(message, Hello):
                    greeted = True
                    await self._greet(socket, message)
                elif message is not None:
                    self._hear(message)
        finally:
            self._socket = None
            await socket.close()
        return greeted

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse, hello: Hello) -> None:
        """Ask again what was not answered, and go on with every subscription."""
        self._socket = socket
        self._owner = hello.owner
        self._greeted.set()
        again = [each.request(str(next(self._numbers))) for each in self._subscriptions]
        for asked in self._asked.values():
            asked.repeated = True
            again.append(asked.request)
        for request in again:
            await self._send(request)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Hello):
            return
        if not isinstance(message, Reply):
            for subscription in self._subscriptions:
                subscription.take(message, self._owner)
            return
        for subscription in tuple(self._subscriptions):
            if subscription.id == message.id:
                self._begun(subscription, message)
        asked = self._asked.get(message.id or "")
        if asked is not None and not asked.reply.done():
            if message.problem is not None:
                asked.reply.set_exception(Refused(message.problem))
            else:
                asked.reply.set_result(message.result or {})

    def _begun(self, subscription: Subscription, reply: Reply) -> None:
        if reply.problem is not None:
            self._subscriptions.discard(subscription)
            subscription.end(Refused(reply.problem))
        elif reply.result is not None:
            subscription.begin(reply.result["seq"], reply.result["epoch"])

    def _give_up(self, failure: Disconnected) -> None:
        if self._failure is None:
            self._failure = failure
        self._greeted.set()
        for subscription in self._subscriptions:
            subscription.end(failure)
        for asked in self._asked.values():
            if not asked.reply.done():
                asked.reply.set_exception(failure)

    async def _send(self, request: dict[str, Any]) -> None:
        """Send a request now if there is a connection; else the next one will."""
        if self._socket is not None:
            with suppress(aiohttp.ClientError, OSError):
                await self._socket.send_bytes(msgpack.packb(request))
