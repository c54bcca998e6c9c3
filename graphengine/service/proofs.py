"""Proving what is to run: where that is quick at once, else in a thread; and what was proven is not proven again."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from typing import Final, NamedTuple

from graphengine.service.canonical import QUICK_LENGTH, compact, is_short
from graphengine.service.documents import Content
from graphengine.service.job import Job, JsonObject
from graphengine.service.runner import Ready, Runner, make_ready, prove

MOST_TASKS: Final = 2_000
"""How many tasks the plans have together that are kept."""

QUICK_NODES: Final = 40
"""How many nodes a workflow may have that is proven at once: that takes a few milliseconds."""

_TURN: Final = 20
"""How many small workflows are proven before the event loop has a turn."""

Key = tuple[str, str, tuple[str, ...] | None]
"""What makes a proof: the digest of a document, the inputs as JSON, the targets."""


class Proof(NamedTuple):
    """What is known of a workflow that was proven: how it is kept, and the name of the models that it loads."""

    content: Content
    weights: str


class Proofs:
    """Proves workflows, and keeps the plans of those that were proven lately.

    Kept is only what names no file: nothing else that a plan depends on changes while the process lives.
    """

    def __init__(self, runner: Runner, most: int = MOST_TASKS) -> None:
        self._runner = runner
        self._most = most
        self._kept: OrderedDict[Key, Ready] = OrderedDict()
        self._tasks = 0
        self._computing = asyncio.Lock()

    async def make(self, document: JsonObject, inputs: JsonObject, targets: Collection[str] | None = None) -> Ready:
        """Return a workflow with its inputs, proven and planned, without holding up the loop.

        Raises:
            WorkflowError: with every problem of the document.
        """
        return await asyncio.to_thread(make_ready, self._runner, document, inputs, targets)

    async def of_all(self, document: JsonObject, rows: Sequence[JsonObject], targets: tuple[str, ...] | None) -> Proof:
        """Prove a workflow with one or several inputs, and return what is known of the first.

        Raises:
            Unacceptable: it is not JSON.
            WorkflowError: with every problem of the first that has any.
        """
        reads = self._runner.may_read(document)
        if reads or not await _is_quick(document, rows):
            alone = len(rows) == 1 and not reads  # who only computes is not done sooner beside others who do
            async with self._computing if alone else nullcontext():
                return await asyncio.to_thread(self._apart, document, rows, targets)
        content = Content.of(document)
        made: list[Ready] = []
        for number, inputs in enumerate(rows, 1):
            ready = make_ready(self._runner, document, inputs, targets)
            self._keep((content.digest, compact(inputs), targets), ready)
            made = made or [ready]
            if number % _TURN == 0:
                await asyncio.sleep(0)
        return Proof(content, made[0].weights)

    def take(self, job: Job) -> Ready | None:
        """Return what was proven of a job, if it is still kept; it is no longer: most jobs begin once."""
        ready = self._kept.pop((job.workflow, compact(job.inputs), job.targets), None)
        if ready is not None:
            self._tasks -= len(ready.plan.tasks)
        return ready

    def _apart(self, document: JsonObject, rows: Sequence[JsonObject], targets: tuple[str, ...] | None) -> Proof:
        """Prove all, and keep no plan: they are large, or name files."""
        content = Content.of(document)
        weights = [prove(self._runner, document, inputs, targets) for inputs in rows]
        return Proof(content, weights[0])

    def _keep(self, key: Key, ready: Ready) -> None:
        self._tasks += len(ready.plan.tasks)
        before = self._kept.pop(key, None)
        self._kept[key] = ready
        while before is not None or self._tasks > self._most:
            gone = before or self._kept.popitem(last=False)[1]
            self._tasks -= len(gone.plan.tasks)
            before = None


async def _is_quick(document: JsonObject, rows: Sequence[JsonObject]) -> bool:
    """Return whether an event loop may wait for the proofs; to look through many inputs takes long itself."""
    nodes = document.get("nodes")
    if not isinstance(nodes, dict) or len(nodes) > QUICK_NODES or not is_short(document, QUICK_LENGTH):
        return False
    if len(rows) == 1:
        return is_short(rows[0], QUICK_LENGTH)
    return await asyncio.to_thread(lambda: all(is_short(each, QUICK_LENGTH) for each in rows))
