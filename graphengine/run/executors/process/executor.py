"""The executor of worker processes: a node may crash, hang or exit, and costs one call."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from queue import SimpleQueue
from typing import Any, Final

from graphengine.errors import Failure, OutOfMemory
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome, or_one_by_one
from graphengine.run.executors.foresight import foreseeable
from graphengine.run.executors.process.failures import unfit
from graphengine.run.executors.process.job import make_job, make_question
from graphengine.run.executors.process.patience import Patience
from graphengine.run.executors.process.pool import Pool
from graphengine.run.executors.process.segments import Parcel, Stored, Vault
from graphengine.run.executors.process.wire import Foreseen, Greeting, Proof, Setup, dumps
from graphengine.run.executors.process.worker import Worker
from graphengine.run.handle import Handle, Handles
from graphengine.types.codec import Encoded, SealedCodec
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encoded_items, value_nbytes

_REFUSED: Final = frozenset({"wrong_output", "worker_died", "timed_out"})
"""How it ends when a value is looked at that cannot be put together."""


class ProcessExecutor:
    """Calls nodes in processes that load the packs themselves, one call at a time each.

    A handle refers to an encoded value, which lies in shared memory if it is large, and goes when its last
    handle goes. Workers start when they are needed, in the folder where the engine is then.

    Args:
        registry: what this process knows of the packs. One that is written down knows no codecs of theirs: then
            values of their types stay encoded here.
        packs: from where the workers load the same.
        slots: how many workers each lane has at most, ``cpu`` among them; a lane that is not named shares its.
        asked: the options for which workers say the digest of their catalogue to ``met``; None if nobody asks.
        met: is told it of each worker that comes, in another thread.
    """

    breath = 0

    def __init__(
        self,
        registry: Registry,
        packs: PackSource,
        options: ServiceOptions,
        slots: Mapping[str, int],
        patience: Patience | None = None,
        asked: ServiceOptions | None = None,
        met: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._registry = registry
        self._packs = packs
        self._options = options
        self._patience = patience or Patience()
        self._numbers = count()
        self._vault = Vault()
        self._asked = asked
        self._pool = Pool(self._hire, self._bury, met, slots, self._patience)

    def submit(self, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Send calls to a worker, at once or when one is free."""
        numbered = {next(self._numbers): call for call in calls}
        ended = or_one_by_one(self, calls, done)
        try:
            job = make_job(numbered, self._patience.of(calls), ended, self._vault)
        except OutOfMemory as error:
            ended(error.failure())
        except Exception as error:  # noqa: BLE001 - constants are values of packs, and pickle asks them
            ended(unfit(calls[0].spec, error))
        else:
            job.watch(self._pool.cancel)
            self._pool.submit(job)

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Tell the worker that is likely to make the call; none is started for it."""
        handles = foreseeable(linked, self._registry)
        values = tuple((each.type, each.ref.parcel) for each in handles if not each.ref.parcel.segment)
        if values:
            self._pool.foresee(spec, dumps(Foreseen(spec.id, values)))

    def value(self, handles: Handles) -> Mapping[str, Any]:
        """Put the values together, over the memory where they lie."""
        return {name: self._value(handle) for name, handle in handles.items()}

    def _value(self, handle: Handle) -> Any:
        if handle.items is not None:
            return [self._value(item) for item in handle.items]
        return decode_value(self._registry.types, handle.type, self.encode(handle))

    def split(self, handle: Handle) -> tuple[Handle, ...]:
        """Return handles to the items, which lie where the list lies."""
        if handle.items is not None or handle.type.item is None:
            return handle.items or ()
        parcel, segment = handle.ref.parcel, handle.ref.segment
        inside = encoded_items(parcel.meta, parcel.spans if segment else parcel.buffers)
        parcels = [Parcel(meta, (), parcel.segment, own) if segment else Parcel(meta, own) for meta, own in inside]
        return tuple(Handle(Stored(each, segment), handle.type.item, handle.nbytes // len(parcels)) for each in parcels)

    def encode(self, handle: Handle) -> Encoded:
        """Return the encoded value, mapped and not copied."""
        return self._vault.segments.unpack(handle.ref.parcel)

    def adopt(self, type_: TypeRef, encoded: Encoded) -> Handle:
        """Copy the encoded value to where workers can read it, and look whether they could.

        Where only they know how, one of them is asked; this thread waits for it.

        Raises:
            ValueError: it cannot be put together.
            OSError: there was nobody to ask.
        """
        stored = self._vault.own(self._vault.segments.pack(encoded))
        value = decode_value(self._registry.types, type_, self._vault.segments.unpack(stored.parcel))
        if isinstance(self._registry.type_of(type_).codec, SealedCodec):
            self._prove(type_, stored.parcel)
        return Handle(stored, type_, value_nbytes(self._registry.types, type_, value))

    def _prove(self, type_: TypeRef, parcel: Parcel) -> None:
        failure = self._ask(Proof(next(self._numbers), type_, parcel), self._patience.proof)
        if failure is not None and failure.code in _REFUSED:
            raise ValueError(failure.message)
        if failure is not None:
            raise OSError(failure.message)

    def greet(self) -> Failure | None:
        """Start a worker, if there is none, and wait until one answers; return why none does, or None."""
        return self._ask(Greeting(next(self._numbers)), None)

    def _ask(self, message: Greeting | Proof, seconds: float | None) -> Failure | None:
        answers: SimpleQueue[Failure | None] = SimpleQueue()
        self._pool.submit(make_question(message, "cpu", seconds, answers.put, self._vault))
        return answers.get()

    def release(self, handles: Handles) -> None:
        """Do nothing: a value goes when its last handle goes."""

    @property
    def ailment(self) -> str:
        """Why no call can be made, or nothing."""
        return self._pool.ailment

    def close(self) -> None:
        """Give the calls that run a moment to stop; then end all workers, and remove what they shared."""
        self._pool.close()
        self._vault.close()

    def _hire(self, lane: str) -> Worker:
        prefix = f"worker-{next(self._numbers)}-"
        return Worker(lane, Setup(self._packs, self._options, self._vault.folder, prefix, self._asked))

    def _bury(self, worker: Worker) -> None:
        self._vault.sweep(worker.prefix)
