"""An actor, from inside: it loads the packs once, and then carries out one order after another."""

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple

import ray

from graphengine.errors import Failure
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.binding import Services, value_of
from graphengine.run.executors.metering import Meter
from graphengine.run.executors.process.orders import Cancels, Maker, arrive, travelling
from graphengine.run.executors.process.wire import Order, Scope, Told, dumps, loads
from graphengine.run.executors.ray.kept import Stored, pack
from graphengine.run.executors.ray.order import Answer
from graphengine.run.executors.written import WrittenResult
from graphengine.run.handle import Handle
from graphengine.types.values import encode_value


class Setup(NamedTuple):
    """What an actor is made of: the packs, and as much of the engine's process as they may look at.

    Attributes:
        path: where modules are found.
        folder: the working directory.
        home: the node of the cluster that the engine is on.
        threads: ``OMP_NUM_THREADS`` there; Ray sets it to 1 where it is not set, which changes results.
    """

    packs: PackSource
    options: ServiceOptions
    path: tuple[str, ...]
    folder: str
    home: str
    threads: str | None


class Teller:
    """Passes on what the calls of one order tell, and counts it: events and the answer go different ways."""

    def __init__(self, said: SimpleQueue[bytes]) -> None:
        self._said = said
        self._lock = threading.Lock()  # threads of a node may tell events too
        self.count = 0

    def tell(self, told: Told) -> None:
        """Take an event; raises what its parts raise when they are pickled."""
        message = dumps(told)
        with self._lock:
            self.count += 1
            self._said.put(message)


class Caller:
    """Makes calls in this process, in one thread; what comes meanwhile has others."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._cancels = Cancels()
        self._said: SimpleQueue[bytes] = SimpleQueue()
        self._scope: Scope | None = None

    def where(self) -> str:
        """Return the node of the cluster that this process is on."""
        node: str = ray.get_runtime_context().get_node_id()
        return node

    def listen(self) -> Iterator[bytes]:
        """Yield what calls tell, for as long as this process lives."""
        while True:
            yield self._said.get()

    def cancel(self, number: int) -> None:
        """Ask a call to stop at its next step."""
        self._cancels.cancel(number)

    def load(self) -> str:
        """Load the packs; return why they cannot be loaded, or nothing."""
        try:
            self._load(self._setup)
        except Exception as error:  # noqa: BLE001 - packs and services raise what they like
            return f"{type(error).__name__}: {error}"
        return ""

    def call(self, scope: bytes, payload: bytes, outputs: int, *objects: Any) -> Any:
        """Make the calls of an order, and return how they ended, with an object for each result that is large.

        Args:
            scope: the run that they and the next calls belong to; empty if that is the one of the last order.
            outputs: how many results there are at most, and objects that go along.
            objects: the large values among the inputs.
        """
        if scope:
            run = loads(scope)
            self._scope = run if isinstance(run, Scope) else None
        order, stored = loads(payload), list[Stored]()
        if isinstance(order, Order):
            message = self._answer(order, objects, stored)
        else:
            message = dumps(Answer(Failure("invalid_input", f"an input cannot be read: {order}"), 0, 0))
        return (message, *stored, *[None] * (outputs - len(stored))) if outputs else message

    def _load(self, setup: Setup) -> None:
        os.environ.pop("OMP_NUM_THREADS", None)
        if setup.threads is not None:
            os.environ["OMP_NUM_THREADS"] = setup.threads
        sys.path += [each for each in setup.path if each not in sys.path]
        with suppress(OSError):  # on another machine it may not be there
            os.chdir(setup.folder)
        self._at_home = self.where() == setup.home
        self._registry = Registry(setup.packs.load())
        self._services: Services = {each.python: each.create(setup.options) for each in self._registry.services}
        self._meter = Meter(self._services)

    def _answer(self, order: Order, objects: Sequence[Any], stored: list[Stored]) -> bytes:
        teller = Teller(self._said)
        maker = Maker(
            self._registry,
            self._services,
            self._meter,
            lambda parcel: parcel.open(objects),
            lambda each: self._write(each, stored),
        )
        calls = arrive(order, self._scope, self._cancels, teller.tell, at_home=self._at_home)
        ends = maker.make(calls)
        try:
            return dumps(Answer(ends, len(stored), teller.count))
        except Exception:  # noqa: BLE001 - results of packs may refuse to be pickled
            return dumps(Answer(travelling(calls, ends), len(stored), teller.count))

    def _write(self, handle: Handle, stored: list[Stored]) -> WrittenResult:
        """Return the written form of a value, always whole: there is one object for it."""
        encoded = encode_value(self._registry.types, handle.type, value_of(handle))
        return WrittenResult(handle.type, handle.nbytes, pack(encoded, stored))
