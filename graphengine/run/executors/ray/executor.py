"""The executor of a Ray cluster: calls run on many machines, and losing one loses no call."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome, or_one_by_one
from graphengine.run.executors.process.failures import unfit
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.ray.affinity import traces_of
from graphengine.run.executors.ray.caller import Setup
from graphengine.run.executors.ray.cluster import Cluster
from graphengine.run.executors.ray.job import make_job
from graphengine.run.executors.ray.kept import Kept, keep
from graphengine.run.executors.ray.pool import Pool
from graphengine.run.executors.ray.worker import Worker
from graphengine.run.handle import Handle, Handles
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encoded_items, value_nbytes


class RayExecutor:
    """Calls nodes in actors that load the packs themselves, one call at a time each.

    A handle refers to an encoded value. A large one lies in Ray's object store and goes from node to node without
    this process touching it, but a copy of every result is brought to the engine's own node before its call counts
    as done: so what was computed cannot be lost with another node, and a call that was running there is made again.
    Calls of the lane ``io`` and those with an effect outside are made on the engine's own node.

    Args:
        registry: what this process knows of the packs: it takes values apart for the caller and the cache.
        packs: from where the actors load the same; they must be installed on every node, and see the same models.
        slots: how many actors each lane has at most, ``cpu`` among them; a lane that is not named shares its.
        address: see :class:`graphengine.run.executors.ray.cluster.Cluster`.

    Raises:
        SettingsRefused: the cluster cannot be used.
    """

    breath = 0

    def __init__(
        self,
        registry: Registry,
        packs: PackSource,
        options: ServiceOptions,
        slots: Mapping[str, int],
        address: str = "",
        patience: Patience | None = None,
    ) -> None:
        self._registry = registry
        self._patience = patience or Patience()
        self._numbers = count()
        self._cluster = Cluster(address)
        self._setup = Setup(
            packs,
            options,
            path=tuple(sys.path),
            folder=str(Path.cwd()),
            home=self._cluster.home,
            threads=os.environ.get("OMP_NUM_THREADS"),
        )
        self._lanes = set(slots)
        self._pool = Pool(self._hire, slots, self._patience)

    def submit(self, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Send calls to an actor, at once or when one is free."""
        numbered = {next(self._numbers): call for call in calls}
        ended = or_one_by_one(self, calls, done)
        try:
            traces = traces_of(calls, self._registry)
            job = make_job(numbered, self._patience.of(calls), ended, self._lanes, traces)
        except Exception as error:  # noqa: BLE001 - constants are values of packs, and pickle asks them
            ended(unfit(calls[0].spec, error))
        else:
            job.watch(self._pool.cancel)
            self._pool.submit(job)

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Do nothing: which actor will make the call is known only when one is free."""

    def value(self, handles: Handles) -> Mapping[str, Any]:
        """Put the values together, in memory of their own."""
        return {name: self._value(handle) for name, handle in handles.items()}

    def _value(self, handle: Handle) -> Any:
        if handle.items is not None:
            return [self._value(item) for item in handle.items]
        return decode_value(self._registry.types, handle.type, handle.ref.copied())

    def split(self, handle: Handle) -> tuple[Handle, ...]:
        """Return handles to the items; large ones are copied, for each must be able to go its own way."""
        if handle.items is not None or handle.type.item is None:
            return handle.items or ()
        item = handle.type.item
        encoded = self.encode(handle)
        items = [Encoded(*each) for each in encoded_items(encoded.meta, encoded.buffers)]
        return tuple(Handle(keep(each), item, handle.nbytes // len(items)) for each in items)

    def encode(self, handle: Handle) -> Encoded:
        """Return the encoded value, mapped and not copied."""
        kept: Kept = handle.ref
        return kept.encoded

    def adopt(self, type_: TypeRef, encoded: Encoded) -> Handle:
        """Copy the encoded value into the object store, if it is large, and look whether actors could read it."""
        value = decode_value(self._registry.types, type_, encoded)
        return Handle(keep(encoded), type_, value_nbytes(self._registry.types, type_, value))

    def release(self, handles: Handles) -> None:
        """Do nothing: a value goes when its last handle goes."""

    def close(self) -> None:
        """Give the calls that run a moment to stop; then end all actors, and leave the cluster."""
        self._pool.close()
        self._cluster.close()

    def _hire(self, lane: str) -> Worker:
        return Worker(lane, self._setup, self._cluster)
