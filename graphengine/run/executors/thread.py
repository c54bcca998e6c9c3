"""The executor for one process: calls run in a pool of threads, beside the event loop and each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from graphengine.node.registry import Registry
from graphengine.node.spec import NodeSpec
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.foresight import foreseeable, foretell
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.invoke import Services, invoke
from graphengine.run.handle import Handles


class ThreadExecutor(InlineExecutor):
    """Python threads: right for nodes that release the interpreter lock, as torch, numpy and files do."""

    def __init__(self, registry: Registry, services: Services, threads: int) -> None:
        super().__init__(registry, services)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="graphengine")

    def submit(self, call: Call, done: Callable[[Outcome], None]) -> None:
        """Call the node in a thread of the pool."""
        only = [call]  # taken out for the call: a thread that has answered holds no values any more
        self._pool.submit(lambda: done(invoke(only.pop(), self._registry, self._services)))

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Tell the services."""
        foretell(spec, [handle.ref for handle in foreseeable(linked, self._registry)], self._services)

    def close(self) -> None:
        """Wait for the calls that run."""
        self._pool.shutdown()
