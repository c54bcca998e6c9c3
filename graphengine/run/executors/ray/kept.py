"""Values between the engine and the object store of Ray: small ones travel in messages, large ones lie in it."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ray
from ray import ObjectRef

from graphengine.run.executors.process.segments import INLINE_BYTES
from graphengine.types.codec import Buffer, Encoded, JsonObject

Buffers = tuple[Buffer, ...]
Stored = tuple[pickle.PickleBuffer, ...]


class Parcel(NamedTuple):
    """An encoded value that can travel: its buffers are inside, or are the object at ``place`` among those with it."""

    meta: JsonObject
    buffers: tuple[bytes, ...] = ()
    place: int | None = None

    def open(self, objects: Sequence[Sequence[Any]]) -> Encoded:
        """Return the value; the buffers are not copied, and can only be read."""
        if self.place is None:
            return Encoded(self.meta, self.buffers)
        return Encoded(self.meta, mapped(objects[self.place]))


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A value that the engine holds: what a handle of the Ray executor refers to.

    Attributes:
        encoded: the value. If it is large, its buffers lie in the object store of the engine's own node, and
            cannot be evicted from there as long as this object lives.
        object: the same for Ray, which brings it to whoever needs it; None if the value is small.
    """

    encoded: Encoded
    object: "ObjectRef[Any] | None" = None

    def copied(self) -> Encoded:
        """Return the value in memory of its own, which can be written and outlives the object store."""
        if self.object is None:
            return self.encoded
        return Encoded(self.encoded.meta, tuple(bytearray(buffer) for buffer in self.encoded.buffers))


def keep(encoded: Encoded) -> Kept:
    """Copy a value, once, to where it is kept."""
    views = _views(encoded)
    if _is_small(views):
        return Kept(Encoded(encoded.meta, tuple(bytes(view) for view in views)))
    reference = ray.put(_stored(views))
    return Kept(Encoded(encoded.meta, mapped(ray.get(reference))), reference)


def pack(encoded: Encoded, large: list[Stored]) -> Parcel:
    """Return a value as it travels; if it is large, the object that goes with it is added to ``large``."""
    views = _views(encoded)
    if _is_small(views):
        return Parcel(encoded.meta, tuple(bytes(view) for view in views))
    large.append(_stored(views))
    return Parcel(encoded.meta, (), len(large) - 1)


def _stored(buffers: Sequence[memoryview]) -> Stored:
    """Return buffers as Ray stores them without taking them into a pickle."""
    return tuple(pickle.PickleBuffer(buffer) for buffer in buffers)


def mapped(stored: Sequence[Any]) -> Buffers:
    """Return stored buffers, over the memory of the object store."""
    return tuple(memoryview(each) for each in stored)


def _views(encoded: Encoded) -> tuple[memoryview, ...]:
    return tuple(memoryview(buffer).cast("B") for buffer in encoded.buffers)


def _is_small(views: Sequence[memoryview]) -> bool:
    return sum(view.nbytes for view in views) < INLINE_BYTES
