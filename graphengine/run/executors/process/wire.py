"""What the engine and a worker say to each other: pickled messages in frames with a length before them.

Both ends are the same program on the same machine, and a worker may do whatever the engine may; pickle adds
no trust that is not there. Values never travel as pickles: their codecs take them apart.
"""

import pickle
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from graphengine.errors import Failure
from graphengine.node.context import RunInfo
from graphengine.node.footprint import Footprint
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.run.cache.checkpoints import CheckpointFolder
from graphengine.run.executors.base import Wants
from graphengine.run.executors.process.segments import Parcel
from graphengine.run.executors.written import WrittenCall, WrittenResult
from graphengine.run.messages import Event
from graphengine.types.socket_type import TypeRef

CANCEL = struct.Struct(">Q")
"""What comes over a worker's pipe: the number of the call to be cancelled."""

_LENGTH = struct.Struct(">I")

# ------------------------------------------------------------------ to the worker


class Setup(NamedTuple):
    """The first message: what a worker is made of.

    ``prefix`` begins the names of its segments; ``asked`` are the options of the engine, for which the worker says
    the digest of its catalogue, or None if nobody wants to know.
    """

    packs: PackSource
    options: ServiceOptions
    folder: Path
    prefix: str
    asked: ServiceOptions | None


class Scope(NamedTuple):
    """The run that the next calls belong to, told when it is another than before."""

    info: RunInfo
    output_folder: Path
    previews: bool
    started: datetime
    checkpoints: CheckpointFolder | None


class Ordered(NamedTuple):
    """A call, and the run it belongs to if that is not the one told before."""

    number: int
    call: WrittenCall
    scope: Scope | None


class Order(NamedTuple):
    """Calls to make of one node; several are made together."""

    number: int
    calls: tuple[Ordered, ...]


class Greeting(NamedTuple):
    """Nothing to do but to answer."""

    number: int


class Proof(NamedTuple):
    """The question whether the value can be put together that lies in a parcel."""

    number: int
    type: TypeRef
    parcel: Parcel


class Foreseen(NamedTuple):
    """A call that will come soon, of a node of ``type``: the values that services want to know ahead.

    It is said over a socket of its own, as the worker may be at work.
    """

    type: str
    values: tuple[tuple[TypeRef, Parcel], ...]


class Enclosed(NamedTuple):
    """A message too large for the socket: its pickle is the buffer of a parcel."""

    parcel: Parcel


# ------------------------------------------------------------------ to the engine


class Ready(NamedTuple):
    """The worker takes calls; ``digest`` is that of its catalogue, if it was asked for one."""

    digest: str


class Broken(NamedTuple):
    """The worker cannot start."""

    reason: str


class Told(NamedTuple):
    """An event of a running call; the number is that of the call."""

    number: int
    event: Event


class Results(NamedTuple):
    """What a call returned, by output; see :class:`graphengine.run.executors.base.Success`."""

    results: Mapping[str, WrittenResult]
    seconds: float
    together: int
    footprint: Footprint | None


End = Results | Failure | Wants
"""How a call ended."""


class Answer(NamedTuple):
    """How each call of an order ended; to a question, a failure or nothing."""

    number: int
    ends: tuple[End, ...]


class Unreadable(NamedTuple):
    """Stands for a message that cannot be unpickled here."""

    reason: str


# ------------------------------------------------------------------ frames


def dumps(message: object) -> bytes:
    """Return a message as bytes; raises whatever its parts raise when they are pickled."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)


def loads(payload: bytes) -> object:
    """Return the message of some bytes, or :class:`Unreadable`."""
    try:
        return pickle.loads(payload)  # noqa: S301 - see the head of the module
    except Exception as error:  # noqa: BLE001 - a pickle may raise anything
        return Unreadable(f"{type(error).__name__}: {error}")


def frame(payload: bytes) -> bytes:
    """Return a payload with its length before it."""
    return _LENGTH.pack(len(payload)) + payload


class Frames:
    """Puts payloads together again from pieces of any size."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take a piece in, and yield the payloads that it completes."""
        self._bytes += piece
        while len(self._bytes) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._bytes)[0]
            if len(self._bytes) < end:
                return
            payload = bytes(self._bytes[_LENGTH.size : end])
            del self._bytes[:end]
            yield payload
