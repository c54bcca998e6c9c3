"""An actor, from inside: it loads the packs once, and then makes one call after another."""

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
from graphengine.run.context import RunScope, TaskContext, Tell
from graphengine.run.executors.base import Success
from graphengine.run.executors.binding import Services, value_of
from graphengine.run.executors.invoke import invoke
from graphengine.run.executors.process.child import Cancels
from graphengine.run.executors.process.wire import Scope, dumps, loads
from graphengine.run.executors.ray.kept import Stored, pack
from graphengine.run.executors.ray.order import Answer, Ended, Order, Result, Told
from graphengine.run.executors.written import Reader
from graphengine.run.handle import Handles
from graphengine.run.messages import Event
from graphengine.types.values import encode_value


class Setup(NamedTuple):
    """What an actor is made of: the packs, and as much of the engine's process as they may look at.

    Attributes:
        path: where modules are found.
        folder: the working directory.
        threads: ``OMP_NUM_THREADS`` there; Ray sets it to 1 where it is not set, which changes results.
    """

    packs: PackSource
    options: ServiceOptions
    path: tuple[str, ...]
    folder: str
    threads: str | None


class Teller:
    """Passes on what one call tells, and counts it: events and the answer go different ways."""

    def __init__(self, number: int, said: SimpleQueue[bytes]) -> None:
        self._number = number
        self._said = said
        self._lock = threading.Lock()  # threads of a node may tell events too
        self.count = 0

    def tell(self, event: Event) -> None:
        """Take an event; raises what its parts raise when they are pickled."""
        message = dumps(Told(self._number, event))
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
        """Make a call, and return how it ended, with an object for each of its outputs that is large.

        Args:
            scope: the run that it and the next calls belong to; empty if that is the one of the last call.
            objects: the large values among its inputs.
        """
        if scope:
            run = loads(scope)
            self._scope = run if isinstance(run, Scope) else None
        order = loads(payload)
        stored: list[Stored | None] = [None] * outputs
        if isinstance(order, Order):
            message = self._answer(order, objects, stored)
        else:
            message = dumps(Ended(Failure("invalid_input", f"an input cannot be read: {order}"), 0))
        return (message, *stored) if stored else message

    def _load(self, setup: Setup) -> None:
        os.environ.pop("OMP_NUM_THREADS", None)
        if setup.threads is not None:
            os.environ["OMP_NUM_THREADS"] = setup.threads
        sys.path += [each for each in setup.path if each not in sys.path]
        with suppress(OSError):  # on another machine it may not be there
            os.chdir(setup.folder)
        self._registry = Registry(setup.packs.load())
        self._services: Services = {each.python: each.create(setup.options) for each in self._registry.services}

    def _answer(self, order: Order, objects: Sequence[Any], stored: list[Stored | None]) -> bytes:
        teller = Teller(order.number, self._said)
        try:
            reader = Reader(self._registry, lambda parcel: parcel.open(objects))
            call = reader.call(order.call, self._context(order, teller.tell))
            outcome = invoke(call, self._registry, self._services)
            if not isinstance(outcome, Success):
                return dumps(Ended(outcome, teller.count))
            results = self._results(outcome.handles, stored)
            return dumps(Answer(results, outcome.seconds, teller.count))
        except Exception as error:  # noqa: BLE001 - codecs and what they are given come from packs
            text = f"a value of {order.call.type!r} cannot travel: {type(error).__name__}: {error}"
            failure = Failure("wrong_output", text, "This is a fault of the node's pack.", type(error).__name__)
            return dumps(Ended(failure, teller.count))

    def _context(self, order: Order, tell: Tell) -> TaskContext:
        if self._scope is None:
            raise TypeError("a call came before its run")
        info, folder, previews, started = self._scope
        token = self._cancels.begin(order.number)
        return TaskContext(RunScope(info, folder, token, tell, previews, started), order.call.node)

    def _results(self, handles: Handles, stored: list[Stored | None]) -> dict[str, Result]:
        results = {}
        for place, (name, handle) in enumerate(handles.items()):
            encoded = encode_value(self._registry.types, handle.type, value_of(handle))
            parcel, stored[place] = pack(encoded, place)
            results[name] = Result(handle.type, handle.nbytes, parcel)
        return results
