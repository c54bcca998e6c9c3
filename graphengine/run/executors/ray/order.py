"""A call as it travels to an actor, and what the actor says of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ray import ObjectRef

from graphengine.errors import Failure
from graphengine.run.executors.base import Call, Wants
from graphengine.run.executors.process.wire import dumps
from graphengine.run.executors.ray.kept import Kept, Parcel
from graphengine.run.messages import Event
from graphengine.types.socket_type import TypeRef


class Linked(NamedTuple):
    """The value of a linked input; the conversion is named by its ends, as functions do not travel."""

    type: TypeRef
    parcel: Parcel
    source: str
    target: str


class Order(NamedTuple):
    """A call to make: ``type`` is the id of the node's type, ``node`` its name in the workflow."""

    number: int
    type: str
    node: str
    constants: Mapping[str, Any]
    linked: Mapping[str, Linked]


class Told(NamedTuple):
    """An event of a call, which comes another way than its answer."""

    number: int
    event: Event


class Result(NamedTuple):
    """The value of an output, whose type both ends know from the node."""

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
    linked = {}
    for name, handle in call.linked.items():
        conversion = call.conversions[name]
        linked[name] = Linked(handle.type, _parcel(handle.ref, objects), conversion.source, conversion.target)
    order = Order(number, call.spec.id, call.context.node, call.constants, linked)
    return Written(dumps(order), tuple(objects))


def _parcel(kept: Kept, objects: "list[ObjectRef[Any]]") -> Parcel:
    meta, buffers = kept.encoded.meta, kept.encoded.buffers
    if kept.object is None:
        return Parcel(meta, tuple(bytes(buffer) for buffer in buffers))
    objects.append(kept.object)
    return Parcel(meta, (), len(objects) - 1)
