"""The executor for one process: calls run in threads, beside the event loop and each other."""

import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.binding import Services
from graphengine.run.executors.foresight import foreseeable, foretell
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.together import invoke_all
from graphengine.run.handle import Handles

_LOG = logging.getLogger(__name__)

Order = list[Any]
"""Calls or their outcomes, and who wants those, in a list out of which they are taken: a thread that has answered holds
no values any more. An empty one ends a thread."""


class ThreadExecutor(InlineExecutor):
    """Python threads: right for nodes that release the interpreter lock, as torch, numpy and files do."""

    def __init__(self, registry: Registry, services: Services, threads: int) -> None:
        super().__init__(registry, services)
        self._pool = _Pool(threads, lambda calls: invoke_all(calls, registry, services))
        self._end = weakref.finalize(self, self._pool.close)

    def submit(self, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Make the calls in a thread.

        Raises:
            RuntimeError: the executor is closed.
        """
        self._pool.submit([calls, done])

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Tell the services."""
        foretell(spec, [handle.ref for handle in foreseeable(linked, self._registry)], self._services)

    def close(self) -> None:
        """Wait for the calls that run."""
        self._end()


class _Pool:
    """Threads that take calls off one queue, as many as there were calls at once so far.

    Few threads keep caches warm, and libraries that hold something for each thread hold little. There is no future for
    each call, which costs more than a small node.
    """

    def __init__(self, limit: int, invoke: Callable[[Sequence[Call]], Sequence[Outcome]]) -> None:
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
        name = f"graphengine_{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)  # joined all the same, before the exit
        self._threads.append(thread)
        return thread

    def _work(self) -> None:
        while order := self._orders.get():
            try:
                order[0] = self._invoke(order[0])
                with self._lock:
                    self._open -= 1
                order.pop()(order.pop())
            except BaseException:  # noqa: BLE001 - whoever is told an outcome must not end the thread of others
                _LOG.exception("an observer of a call raised")
