"""A call as it travels to an actor, and what the actor says of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ray import ObjectRef

from graphengine.errors import Failure
from graphengine.run.executors.base import Call, Wants
from graphengine.run.executors.process.wire import dumps
from graphengine.run.executors.ray.kept import Kept, Parcel
from graphengine.run.executors.written import WrittenCall, write_call
from graphengine.run.messages import Event
from graphengine.types.socket_type import TypeRef


class Order(NamedTuple):
    """A call to make."""

    number: int
    call: WrittenCall


class Told(NamedTuple):
    """An event of a call, which comes another way than its answer."""

    number: int
    event: Event


class Result(NamedTuple):
    """The value of an output, always whole: there is one object for it."""

    type: TypeRef
    nbytes: int
    parcel: Parcel


class Answer(NamedTuple):
    """The call returned, after it told ``told`` events; large values are in the objects that go along."""

    results: Mapping[str, Result]
    seconds: float
    told: int


class Ended(NamedTuple):
    """The call ended without results, after it told ``told`` events."""

    outcome: Failure | Wants
    told: int


class Written(NamedTuple):
    """An order that is ready to be sent, and the objects that go with it."""

    order: bytes
    objects: "tuple[ObjectRef[Any], ...]"


def write_order(number: int, call: Call) -> Written:
    """Write the order of a call.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
    """
    objects: list[ObjectRef[Any]] = []
    written = write_call(call, lambda handle: _parcel(handle.ref, objects))
    return Written(dumps(Order(number, written)), tuple(objects))


def _parcel(kept: Kept, objects: "list[ObjectRef[Any]]") -> Parcel:
    meta, buffers = kept.encoded.meta, kept.encoded.buffers
    if kept.object is None:
        return Parcel(meta, tuple(bytes(buffer) for buffer in buffers))
    objects.append(kept.object)
    return Parcel(meta, (), len(objects) - 1)
