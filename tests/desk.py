"""Calls to an executor, as the engine makes them, and their outcomes."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from graphengine.node.context import FIRST, Attempt, RunInfo
from graphengine.node.declare import spec_of
from graphengine.run.cache.checkpoints import CheckpointFolder
from graphengine.run.context import CancelToken, RunScope, TaskContext
from graphengine.run.executors.base import Call, Executor, Outcome, Success
from graphengine.run.handle import Handles
from graphengine.run.messages import Event
from graphengine.types.assign import IDENTITY

PATIENCE = 60.0
"""Seconds that nothing here takes, even where a cluster starts on a busy machine."""


@dataclass
class Desk:
    """Makes calls, and waits for their outcomes."""

    executor: Executor
    folder: Path
    token: CancelToken = field(default_factory=CancelToken)
    events: list[Event] = field(default_factory=list)
    previews: bool = True
    checkpoints: CheckpointFolder | None = None
    fingerprint: str = ""

    def start(
        self,
        function: Callable[..., Any],
        linked: Handles | None = None,
        attempt: Attempt = FIRST,
        **constants: Any,
    ) -> "Waiting":
        spec = spec_of(function)
        defaults = {each.name: each.default for each in spec.inputs if not each.required}
        names = linked or {}
        constants = {name: value for name, value in (defaults | constants).items() if name not in names}
        conversions = dict.fromkeys(names, IDENTITY)
        waiting = Waiting()
        call = Call(spec, constants, names, conversions, self.context(), attempt)
        self.executor.submit([call], waiting.done)
        return waiting

    def together(
        self,
        function: Callable[..., Any],
        *constants: Mapping[str, Any],
        tokens: Sequence[CancelToken] = (),
    ) -> "Waiting":
        """Make several calls as one; with tokens, each is of a run of its own."""
        contexts = [self.context(f"node{index}") for index in range(len(constants))]
        for index, token in enumerate(tokens):
            scope = replace(contexts[index].scope, token=token, info=RunInfo(f"run{index}", "", {}))
            contexts[index] = replace(contexts[index], scope=scope)
        spec, waiting = spec_of(function), Waiting(len(constants))
        calls = [Call(spec, each, {}, {}, context) for each, context in zip(constants, contexts, strict=True)]
        self.executor.submit(calls, waiting.done)
        return waiting

    def context(self, name: str = "node") -> TaskContext:
        now = datetime.now().astimezone()
        info = RunInfo("run", "Title", {})
        tell, checkpoints = self.events.append, self.checkpoints
        scope = RunScope(info, self.folder, self.token, tell, self.previews, now, checkpoints)
        return TaskContext(scope, name, self.fingerprint)

    def call(self, function: Callable[..., Any], linked: Handles | None = None, **given: Any) -> Any:
        return self.start(function, linked, **given).outcome()


class Waiting:
    """The outcome of one call, or of several made together, which must come exactly once."""

    def __init__(self, count: int = 1) -> None:
        self._count = count
        self._outcomes: list[Outcome] = []
        self._there = threading.Event()

    def done(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes += outcomes
        self._there.set()

    def all(self) -> list[Outcome]:
        assert self._there.wait(PATIENCE)
        assert len(self._outcomes) == self._count
        return self._outcomes

    def outcome(self) -> Outcome:
        return self.all()[0]


def values(desk: Desk, outcome: Any) -> dict[str, Any]:
    assert isinstance(outcome, Success), outcome
    return dict(desk.executor.value(outcome.handles))
