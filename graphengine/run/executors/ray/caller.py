"""An actor, from inside: it loads the packs once, and then makes one call after another."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple

import ray

from graphengine.errors import Failure
from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.context import RunScope, TaskContext
from graphengine.run.executors.base import Call, Success
from graphengine.run.executors.invoke import Services, invoke
from graphengine.run.executors.process.child import Cancels
from graphengine.run.executors.process.wire import Scope, dumps, loads
from graphengine.run.executors.ray.kept import Buffers, mapped, out_of_band, pack
from graphengine.run.executors.ray.order import Answer, Ended, Linked, Order, Result, Told
from graphengine.run.handle import Handle
from graphengine.run.messages import Event
from graphengine.types.assign import Conversion
from graphengine.types.socket_type import TypeRef
from graphengine.types.values import decode_value, encode_value

Said = SimpleQueue[bytes | Buffers | None]
"""What a call says, message by message: its last answer, the objects that belong to it, and None."""


class Setup(NamedTuple):
    """What an actor is made of: the packs, and as much of the engine's process as they may look at.

    Attributes:
        threads: ``OMP_NUM_THREADS`` there; Ray sets it to 1 where it is not set, which changes results.
    """

    packs: PackSource
    options: ServiceOptions
    path: tuple[str, ...]
    folder: str
    threads: str | None


class Caller:
    """Makes calls in this process: the packs live in one thread, and others pass on what comes meanwhile."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="graphengine")
        self._cancels = Cancels()
        self._scope: Scope | None = None

    def where(self) -> str:
        """Return the node of the cluster that this process is on."""
        node: str = ray.get_runtime_context().get_node_id()
        return node

    def live(self) -> None:
        """Do not return: whoever asked sees so when this process ends."""
        threading.Event().wait()

    def load(self) -> str:
        """Load the packs; return why they cannot be loaded, or nothing."""
        try:
            self._thread.submit(self._load).result()
        except Exception as error:  # noqa: BLE001 - packs and services raise what they like
            return f"{type(error).__name__}: {error}"
        return ""

    def cancel(self, number: int) -> None:
        """Ask a call to stop at its next step."""
        self._cancels.cancel(number)

    def call(self, scope: bytes, order: bytes, *objects: Any) -> Iterator[Any]:
        """Make a call, and yield what it says while it runs.

        Args:
            scope: the run that it and the next calls belong to; empty if that is the one of the last call.
            objects: the large values among its inputs.
        """
        said: Said = SimpleQueue()
        self._thread.submit(self._answer, scope, order, [mapped(each) for each in objects], said)
        del objects
        while (message := said.get()) is not None:
            yield message if isinstance(message, bytes) else out_of_band(message)

    def _load(self) -> None:
        setup = self._setup
        os.environ.pop("OMP_NUM_THREADS", None)
        if setup.threads is not None:
            os.environ["OMP_NUM_THREADS"] = setup.threads
        sys.path += [each for each in setup.path if each not in sys.path]
        with suppress(OSError):  # on another machine it may not be there
            os.chdir(setup.folder)
        self._registry = Registry(setup.packs.load())
        self._services: Services = {each.python: each.create(setup.options) for each in self._registry.services}

    def _answer(self, scope: bytes, payload: bytes, objects: list[Buffers], said: Said) -> None:
        try:
            if scope:
                run = loads(scope)
                self._scope = run if isinstance(run, Scope) else None
            order = loads(payload)
            if not isinstance(order, Order):
                said.put(dumps(Ended(Failure("invalid_input", f"an input cannot be read: {order}"))))
                return
            self._make(order, objects, said)
        finally:
            said.put(None)

    def _make(self, order: Order, objects: list[Buffers], said: Said) -> None:
        results: list[Buffers] = []
        try:
            message = dumps(self._call(order, objects, results, said))
        except Exception as error:  # noqa: BLE001 - codecs and what they are given come from packs
            text = f"a value of {order.type!r} cannot travel: {type(error).__name__}: {error}"
            failure = Failure("wrong_output", text, "This is a fault of the node's pack.", type(error).__name__)
            said.put(dumps(Ended(failure)))
            return
        said.put(message)
        for each in results:
            said.put(each)

    def _call(self, order: Order, objects: list[Buffers], results: list[Buffers], said: Said) -> Answer | Ended:
        conversions = {name: self._conversion(linked) for name, linked in order.linked.items()}
        handles = {name: self._handle(linked, objects) for name, linked in order.linked.items()}
        call = Call(self._registry.nodes[order.type], order.constants, handles, conversions, self._context(order, said))
        outcome = invoke(call, self._registry, self._services)
        if not isinstance(outcome, Success):
            return Ended(outcome)
        answers = {name: self._result(handle, results) for name, handle in outcome.handles.items()}
        return Answer(answers, len(results), outcome.seconds)

    def _handle(self, linked: Linked, objects: list[Buffers]) -> Handle:
        return Handle(decode_value(self._registry.types, linked.type, linked.parcel.open(objects)), linked.type, 0)

    def _conversion(self, linked: Linked) -> Conversion:
        found = self._registry.assignability.find(TypeRef(linked.source), TypeRef(linked.target))
        if found is None:
            raise LookupError(f"no pack converts {linked.source} to {linked.target}")
        return found

    def _result(self, handle: Handle, results: list[Buffers]) -> Result:
        return Result(handle.nbytes, pack(encode_value(self._registry.types, handle.type, handle.ref), results))

    def _context(self, order: Order, said: Said) -> TaskContext:
        if self._scope is None:
            raise TypeError("a call came before its run")
        info, folder, previews, started = self._scope

        def tell(event: Event) -> None:
            said.put(dumps(Told(event)))

        token = self._cancels.begin(order.number)
        return TaskContext(RunScope(info, folder, token, tell, previews, started), order.node)
