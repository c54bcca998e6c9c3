"""A worker, from inside: it loads the packs once, and then makes one call after another."""

import logging
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from graphengine.errors import Failure, NodeError
from graphengine.node.registry import Registry
from graphengine.run.context import CancelToken, RunScope, TaskContext
from graphengine.run.executors.base import Outcome, Success, Wants
from graphengine.run.executors.binding import Services
from graphengine.run.executors.foresight import foretell
from graphengine.run.executors.process.segments import INLINE_BYTES, Segments
from graphengine.run.executors.process.wire import (
    CANCEL,
    Answer,
    Broken,
    Enclosed,
    Foreseen,
    Frames,
    Order,
    Ordered,
    Ready,
    Results,
    Scope,
    Setup,
    Told,
    dumps,
    frame,
    loads,
)
from graphengine.run.executors.together import invoke_all
from graphengine.run.executors.written import Reader, write_result
from graphengine.run.messages import Event
from graphengine.types.values import decode_value

_LOG = logging.getLogger(__name__)

_PIECE = 32 * 1024  # what the allocator gives without asking the system

Message = TypeVar("Message")


class Channel:
    """The worker's end of the socket."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._frames = Frames()
        self._lock = threading.Lock()  # threads of a node may tell events too

    def messages(self) -> Iterator[object]:
        """Yield what the engine says, until it hangs up."""
        while piece := self._socket.recv(_PIECE):
            yield from map(loads, self._frames.feed(piece))

    def say(self, message: object) -> None:
        """Send a message; raises what its parts raise when they are pickled."""
        framed = frame(dumps(message))
        with self._lock:
            self._socket.sendall(framed)


class Cancels:
    """Brings a cancel, which comes at any time, to the token of the call that it means. Numbers of calls only rise."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, CancelToken] = {}
        self._early: set[int] = set()

    def begin(self, number: int, *, beside: bool = False) -> CancelToken:
        """Return the token of a call that starts, when the one before is over or ``beside`` it."""
        with self._lock:
            if not beside:
                self._running.clear()
            token = self._running[number] = CancelToken()
            if number in self._early:
                token.cancel()
            self._early = {each for each in self._early if each > number}
            return token

    def cancel(self, number: int) -> None:
        """Cancel a call, if it still runs or is to come."""
        with self._lock:
            if number in self._running:
                self._running[number].cancel()
            else:
                self._early.add(number)


class Caller:
    """Makes calls in this process."""

    def __init__(self, setup: Setup, channel: Channel, cancels: Cancels) -> None:
        self._registry = Registry(setup.packs.load())
        self._services: Services = {each.python: each.create(setup.options) for each in self._registry.services}
        self._segments = Segments(setup.folder, setup.prefix)
        self._reader = Reader(self._registry, self._segments.unpack)
        self._channel = channel
        self._cancels = cancels
        self._scope: Scope | None = None

    def foresee(self, message: object) -> None:
        """Tell services of a call that will come; in a thread, as another call may run."""
        if not isinstance(message, Foreseen):
            return  # a hint that cannot be read is none
        types, unpack = self._registry.types, self._segments.unpack
        values = [decode_value(types, type_, unpack(parcel)) for type_, parcel in message.values]
        foretell(self._registry.nodes[message.type], values, self._services)

    def serve(self, message: object) -> None:
        """Do what the engine says."""
        match message:
            case Enclosed(parcel):
                (buffer,) = self._segments.unpack(parcel).buffers
                self.serve(loads(bytes(buffer)))
            case Scope():
                self._scope = message
            case Order():
                self._answer(message)
            case _:
                raise TypeError(f"the engine said {message!r}")

    def _answer(self, order: Order) -> None:
        try:
            self._channel.say(Answer(order.number, tuple(self._ends(order))))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - results of packs may refuse to be pickled
            self._channel.say(Answer(order.number, (_stuck(order, error),) * len(order.calls)))

    def _ends(self, order: Order) -> list[Results | Failure | Wants]:
        try:
            calls = [
                self._reader.call(each.call, self._context(each, beside=index > 0))
                for index, each in enumerate(order.calls)
            ]
            return [self._end(each, order) for each in invoke_all(calls, self._registry, self._services)]
        except Exception as error:  # noqa: BLE001 - codecs and what they are given come from packs
            if len(order.calls) == 1:
                return [_stuck(order, error)]
            return [end for each in order.calls for end in self._ends(order._replace(calls=(each,)))]

    def _end(self, outcome: Outcome, order: Order) -> Results | Failure | Wants:
        if not isinstance(outcome, Success):
            return outcome
        try:
            results = {
                name: write_result(handle, self._registry, self._segments.pack)
                for name, handle in outcome.handles.items()
            }
        except NodeError as error:  # no room for the result
            return error.failure()
        except Exception as error:  # noqa: BLE001 - codecs come from packs
            return _stuck(order, error)
        return Results(results, outcome.seconds, outcome.together)

    def _context(self, ordered: Ordered, *, beside: bool) -> TaskContext:
        scope = ordered.scope or self._scope
        if scope is None:
            raise TypeError("a call came before its run")
        info, folder, previews, started = scope

        def tell(event: Event) -> None:
            self._channel.say(Told(ordered.number, event))

        token = self._cancels.begin(ordered.number, beside=beside)
        return TaskContext(RunScope(info, folder, token, tell, previews, started), ordered.call.node)


def _stuck(order: Order, error: Exception) -> Failure:
    message = f"a value of {order.calls[0].call.type!r} cannot travel: {type(error).__name__}: {error}"
    return Failure("wrong_output", message, "This is a fault of the node's pack.", type(error).__name__)


def main(channel_descriptor: int, control: int, hints: int) -> None:
    """Be a worker until the engine hangs up.

    Args:
        control: the pipe that brings cancels, and ends when the engine does.
        hints: the socket that brings word of calls to come.
    """
    channel = Channel(channel_descriptor)
    cancels = Cancels()
    messages = channel.messages()
    setup = _expect(next(messages, None), Setup)
    listener = threading.Thread(target=_listen, args=(control, cancels, setup.folder), daemon=True)
    listener.start()
    try:
        caller = Caller(setup, channel, cancels)
    except Exception as error:  # noqa: BLE001 - packs and services raise what they like
        channel.say(Broken(f"{type(error).__name__}: {error}"))
        return
    threading.Thread(target=_hear, args=(socket.socket(fileno=hints), caller), daemon=True).start()
    channel.say(Ready())
    for message in messages:
        caller.serve(message)


def _hear(hints: socket.socket, caller: Caller) -> None:
    while piece := hints.recv(INLINE_BYTES):
        try:
            caller.foresee(loads(piece))
        except Exception:  # noqa: BLE001 - codecs come from packs, and a hint breaks nothing
            _LOG.exception("a call that will come cannot be foreseen")


def _expect(message: object, kind: type[Message]) -> Message:
    if not isinstance(message, kind):
        sys.exit("a worker is started by the engine, not by hand")
    return message


def _listen(control: int, cancels: Cancels, folder: Path) -> None:
    """Pass cancels on, until the end of the pipe: an engine that lives kills its workers before it hangs up.

    So it died, and could not clear up behind itself.
    """
    while len(number := os.read(control, CANCEL.size)) == CANCEL.size:
        cancels.cancel(CANCEL.unpack(number)[0])
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
