"""The websocket: a connection from its upgrade to its end."""

import asyncio
import logging
from contextlib import suppress
from importlib.metadata import version
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web

from graphengine.errors import StoreUnavailable
from graphengine.server.access import Caller
from graphengine.server.commands import Commands
from graphengine.server.hub import Hub
from graphengine.server.messages import (
    JSON,
    MSGPACK,
    PROTOCOLS,
    Command,
    Hello,
    Message,
    Ping,
    Reply,
    Request,
    Subscribe,
    Unsubscribe,
)
from graphengine.server.stream import Line, Stream
from graphengine.server.views import Refusal
from graphengine.server.wire import AT_ONCE, MOST_BYTES, Format, MalformedMessage, encode, request_of

_LOG = logging.getLogger(__name__)

VERSION: Final = version("graphengine")

_FAREWELL: Final = 2.0
_SMALL: Final = 16 * 2**10  # a connection takes four times as much before it asks to wait
_FORMATS: Final[dict[str | None, Format]] = {JSON: "json", MSGPACK: "msgpack", None: "json"}


async def handle_socket(request: web.Request, service: Commands, hub: Hub, caller: Caller) -> web.StreamResponse:
    """Serve a websocket until its end. Who may ask at all is decided before; whoever may, may read.

    A client that names no subprotocol speaks JSON; one that names only others is refused.
    """
    offered = request.headers.getall("Sec-WebSocket-Protocol", [])
    names = {name.strip() for line in offered for name in line.split(",")}
    if names and not names & set(PROTOCOLS):
        return web.json_response(
            {"title": "No such subprotocol", "status": 400, "detail": f"this service speaks {', '.join(PROTOCOLS)}"},
            status=400,
            content_type="application/problem+json",
        )
    socket = web.WebSocketResponse(
        protocols=PROTOCOLS,
        heartbeat=hub.limits.heartbeat_seconds,
        max_msg_size=MOST_BYTES,
        compress=False,
        timeout=_FAREWELL / 2,
    )
    await socket.prepare(request)
    await _Connection(request, socket, service, hub, caller).serve()
    return socket


class _Connection:
    """One client."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, service: Commands, hub: Hub, caller: Caller
    ) -> None:
        self._transport = request.transport
        self._socket = socket
        self._service = service
        self._hub = hub
        self._caller = caller
        self._form = _FORMATS[socket.ws_protocol]
        self._kind = WSMsgType.TEXT if self._form == "json" else WSMsgType.BINARY
        self._stream = Stream(hub, Line(caller.name, self._form, self._send, self._close))
        self._sender: asyncio.Task[None] | None = None  # begins with the first subscription
        self._answers: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(hub.limits.requests)

    async def serve(self) -> None:
        """Greet, answer, and tidy up."""
        log = self._hub.log
        try:
            await self._tell(Hello(epoch=log.epoch, seq=log.last, owner=self._caller.name, version=VERSION))
            await self._listen()
        except OSError:  # the client is gone
            pass
        finally:
            self._stream.end()
            if self._socket.close_code in (None, WSCloseCode.ABNORMAL_CLOSURE):
                self._abort()
            tasks = [*self._answers, *([self._sender] if self._sender else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        async for frame in self._socket:
            if frame.type is not self._kind:
                wrong = b"this subprotocol has frames of the other kind"
                await self._socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=wrong)
                return
            try:
                request = await self._read(frame.data)
            except MalformedMessage as error:
                await self._refuse(error.id, Refusal(code="malformed_message", message=str(error)))
                continue
            await self._take(request)

    async def _read(self, content: str | bytes) -> Request:
        """Return the request that a frame holds; a large one is read in a thread.

        Raises:
            MalformedMessage: it holds none.
        """
        if len(content) <= AT_ONCE:
            return request_of(content, self._form)
        return await asyncio.to_thread(request_of, content, self._form)

    async def _take(self, request: Request) -> None:
        match request:
            case Ping():
                await self._tell(Reply(id=request.id, result={}))
            case Subscribe():
                await self._subscribe(request)
            case Unsubscribe():
                ended = self._stream.unsubscribe(request.subscription)
                await self._tell(Reply(id=request.id, result={"ended": ended}))
            case _:
                await self._room.acquire()  # a client that asks for more waits
                task = asyncio.create_task(self._answer(request))
                self._answers.add(task)
                task.add_done_callback(self._answered)

    async def _subscribe(self, request: Subscribe) -> None:
        refusal = self._stream.subscribe(request)
        if refusal is not None:
            await self._refuse(request.id, refusal)
        elif self._sender is None:
            self._sender = asyncio.create_task(self._run_stream())

    async def _answer(self, request: Command) -> None:
        outcome = await self._service.answer(request, self._caller)
        if isinstance(outcome, Refusal):
            await self._refuse(request.id, outcome)
        else:
            await self._tell(Reply(id=request.id, result=outcome))

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answers.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, OSError):
            _LOG.error("a request could not be answered", exc_info=error)
            self._abort()

    async def _run_stream(self) -> None:
        try:
            await self._stream.run()
        except OSError:
            self._abort()
        except StoreUnavailable:  # the client comes again
            await self._close()
        except Exception:
            _LOG.exception("a stream ended")
            self._abort()
            raise

    async def _refuse(self, id_: str | None, refusal: Refusal) -> None:
        await self._tell(Reply(id=id_, problem=refusal))

    async def _tell(self, message: Message) -> None:
        await self._send(encode(message, self._form))

    async def _send(self, frame: bytes) -> None:
        """Send a frame; a client that does not take it in time is gone.

        Raises:
            OSError: the client is gone.
        """
        if len(frame) <= _SMALL and self._transport is not None and not self._transport.get_write_buffer_size():
            await self._socket.send_frame(frame, self._kind)  # it fits into what may wait to be sent: nothing can stall
            return
        try:
            async with asyncio.timeout(self._hub.limits.stall_seconds):
                await self._socket.send_frame(frame, self._kind)
        except TimeoutError:
            self._abort()
            raise

    async def _close(self) -> None:
        with suppress(OSError):
            async with asyncio.timeout(_FAREWELL):
                await self._socket.close(code=WSCloseCode.GOING_AWAY, message=b"come again")
                return
        self._abort()

    def _abort(self) -> None:
        """End the connection without waiting for what the client has not read."""
        if self._transport is not None:
            self._transport.abort()
