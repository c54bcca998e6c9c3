"""Calls as they travel to an actor, and what the actor says of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ray import ObjectRef

from graphengine.errors import Failure
from graphengine.run.executors.base import Call
from graphengine.run.executors.process.batch import write_order
from graphengine.run.executors.process.wire import End, dumps
from graphengine.run.executors.ray.kept import Kept, Parcel


class Answer(NamedTuple):
    """How each call ended, or what they all fail with.

    Attributes:
        large: how many of the objects that go along hold values; they come first.
        told: after how many events it was said, for those come another way.
    """

    ends: tuple[End, ...] | Failure
    large: int
    told: int


class Written(NamedTuple):
    """An order that is ready to be sent, and the objects that go with it."""

    order: bytes
    objects: "tuple[ObjectRef[Any], ...]"


def write(calls: Mapping[int, Call]) -> Written:
    """Write the order of calls, by their numbers.

    Raises:
        Exception: a constant cannot be pickled; whatever its class raises.
    """
    places: dict[ObjectRef[Any], int] = {}  # calls that are made together share many of their inputs
    order = write_order(calls, lambda handle: _parcel(handle.ref, places))
    return Written(dumps(order), tuple(places))


def _parcel(kept: Kept, places: "dict[ObjectRef[Any], int]") -> Parcel:
    meta, buffers = kept.encoded.meta, kept.encoded.buffers
    if kept.object is None:
        return Parcel(meta, tuple(bytes(buffer) for buffer in buffers))
    return Parcel(meta, (), places.setdefault(kept.object, len(places)))
