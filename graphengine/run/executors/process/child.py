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

from graphengine.errors import Failure
from graphengine.node.catalogue.written import digest_of, write_registry
from graphengine.node.registry import Registry
from graphengine.run.executors.binding import Services
from graphengine.run.executors.foresight import foretell
from graphengine.run.executors.metering import Meter
from graphengine.run.executors.process.orders import Cancels, Maker, arrive, travelling
from graphengine.run.executors.process.segments import INLINE_BYTES, Segments
from graphengine.run.executors.process.wire import (
    CANCEL,
    Answer,
    Broken,
    Enclosed,
    Foreseen,
    Frames,
    Greeting,
    Order,
    Proof,
    Ready,
    Scope,
    Setup,
    dumps,
    frame,
    loads,
)
from graphengine.run.executors.written import WrittenResult, write_result
from graphengine.run.handle import Handle
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


class Caller:
    """Makes calls in this process.

    Attributes:
        digest: of the catalogue of what was loaded, if it is asked for.
    """

    def __init__(self, setup: Setup, channel: Channel, cancels: Cancels) -> None:
        self._registry = Registry(setup.packs.load())
        asked = setup.asked
        self.digest = "" if asked is None else digest_of(write_registry(self._registry, asked))
        self._services: Services = {each.python: each.create(setup.options) for each in self._registry.services}
        self._meter = Meter(self._services)
        self._segments = Segments(setup.folder, setup.prefix)
        self._maker = Maker(self._registry, self._services, self._meter, self._segments.unpack, self._write)
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

    def _write(self, handle: Handle) -> WrittenResult:
        return write_result(handle, self._registry, self._segments.pack)

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
            case Greeting(number):
                self._channel.say(Answer(number, ()))
            case Proof():
                self._channel.say(Answer(message.number, self._refusals(message)))
            case _:
                raise TypeError(f"the engine said {message!r}")

    def _refusals(self, proof: Proof) -> tuple[Failure, ...]:
        """Return why a value cannot be put together, or nothing."""
        try:
            decode_value(self._registry.types, proof.type, self._segments.unpack(proof.parcel))
        except Exception as error:  # noqa: BLE001 - codecs come from packs
            return (Failure("wrong_output", f"{type(error).__name__}: {error}"),)
        return ()

    def _answer(self, order: Order) -> None:
        calls = arrive(order, self._scope, self._cancels, self._channel.say)
        ends = self._maker.make(calls)
        try:
            self._channel.say(Answer(order.number, ends))
        except BrokenPipeError:
            raise
        except Exception:  # noqa: BLE001 - results of packs may refuse to be pickled
            self._channel.say(Answer(order.number, travelling(calls, ends)))


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
    channel.say(Ready(caller.digest))
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
