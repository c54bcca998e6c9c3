"""The executor for one process: calls run in threads, beside the event loop and each other."""

import logging
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import Any, Final

from graphengine.node.registry import Registry
from graphengine.node.spec import LANES, NodeSpec
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.binding import Services
from graphengine.run.executors.foresight import foreseeable, foretell
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.together import invoke_all
from graphengine.run.handle import Handles

_LOG = logging.getLogger(__name__)

BREATH: Final = 1e-3
"""The seconds after which a thread makes no more sequels: others may wait for its slot."""

Done = Callable[[Sequence[Outcome]], None]

Order = list[Any]
"""Calls and who wants their outcomes, in a list out of which they are taken: a thread that has answered holds no values
any more. An empty one ends a thread."""


class ThreadExecutor(InlineExecutor):
    """Python threads: right for nodes that release the interpreter lock, as torch, numpy and files do.

    Each lane has threads of its own, as many as it has slots, so that what is submitted beyond them waits.
    """

    breath = 16

    def __init__(self, registry: Registry, services: Services, slots: Mapping[str, int]) -> None:
        super().__init__(registry, services)

        meter = self._meter  # a thread that held the executor would keep it from ending

        def invoke(calls: Sequence[Call]) -> Sequence[Outcome]:
            return invoke_all(calls, registry, services, meter)

        self._pools = {lane: _Pool(lane, slots.get(lane, 1), invoke) for lane in LANES}
        self._end = weakref.finalize(self, _close, tuple(self._pools.values()))

    def submit(self, calls: Sequence[Call], done: Done) -> None:
        """Make the calls in a thread.

        Raises:
            RuntimeError: the executor is closed.
        """
        self._pools[calls[0].lane].submit([done, calls])

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Tell the services."""
        foretell(spec, [handle.ref for handle in foreseeable(linked, self._registry)], self._services)

    def close(self) -> None:
        """Wait for the calls that run."""
        self._end()


def _close(pools: Sequence["_Pool"]) -> None:
    for pool in pools:
        pool.close()


class _Pool:
    """Threads that take calls off one queue, as many as there were calls at once so far.

    Few threads keep caches warm, and libraries that hold something for each thread hold little. There is no future for
    each call, which costs more than a small node.
    """

    def __init__(self, lane: str, limit: int, invoke: Callable[[Sequence[Call]], Sequence[Outcome]]) -> None:
        self._lane = lane
        self._limit = limit
        self._invoke = invoke
        self._orders: SimpleQueue[Order] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._open = 0  # orders without an outcome
        self._closed = False

    def submit(self, order: Order) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError("the executor is closed")
            self._open += 1
            thread = self._add() if len(self._threads) < min(self._open, self._limit) else None
        self._orders.put(order)
        if thread is not None:
            thread.start()

    def close(self) -> None:
        """End the threads when all that was submitted is done, and wait for that."""
        with self._lock:
            self._closed = True
        for _ in self._threads:
            self._orders.put([])
        for thread in self._threads:
            if thread is not threading.current_thread():  # the garbage collector runs anywhere
                thread.join()

    def _add(self) -> threading.Thread:
        name = f"graphengine_{self._lane}_{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)  # joined all the same, before the exit
        self._threads.append(thread)
        return thread

    def _work(self) -> None:
        while order := self._orders.get():
            end = time.perf_counter() + BREATH
            while order:
                order = self._make(order.pop(), order.pop(), end)

    def _make(self, calls: Sequence[Call], done: Done, end: float) -> Order:
        """Make calls, tell their outcomes, and return what is to be made in the same breath, if anything is."""
        sequel = calls[0].sequel
        outcomes = self._invoke(calls)
        if sequel is not None and time.perf_counter() < end and sequel.begin(outcomes[0]):
            following = [sequel.done, [sequel.call]]
        else:
            following = []
            with self._lock:
                self._open -= 1
        try:
            done(outcomes)
        except BaseException:  # noqa: BLE001 - whoever is told an outcome must not end the thread of others
            _LOG.exception("an observer of a call raised")
        return following
