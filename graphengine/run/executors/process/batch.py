"""A call, or several that are made together, on their way to another process and back."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from graphengine.errors import Failure
from graphengine.node.spec import NodeSpec
from graphengine.run.context import CancelToken, RunScope
from graphengine.run.executors.base import Call, Outcome
from graphengine.run.executors.process.wire import Order, Ordered, Scope, Told
from graphengine.run.executors.written import write_call
from graphengine.run.handle import Handle

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Batch:
    """Calls of one node, with what a supervisor needs to know of them.

    Attributes:
        calls: the calls, by their numbers.
        timeout: the seconds that they may take.
        done: takes an outcome for each call, or a failure of all of them.
    """

    calls: Mapping[int, Call]
    timeout: float | None
    done: Callable[[Sequence[Outcome] | Failure], None]
    _watcher: Callable[[], None] | None = field(default=None, init=False)

    @property
    def first(self) -> Call:
        """The first call."""
        return next(iter(self.calls.values()))

    @property
    def spec(self) -> NodeSpec:
        """The node."""
        return self.first.spec

    @property
    def scope(self) -> Scope:
        """The run of the first call."""
        return scope_of(self.first.context.scope)

    @property
    def cancelled(self) -> Sequence[int]:
        """The calls whose runs were cancelled."""
        return [number for number, call in self.calls.items() if call.context.cancelled]

    @property
    def unwanted(self) -> bool:
        """Whether nobody wants any of it any more."""
        return len(self.cancelled) == len(self.calls)

    def watch(self, cancel: Callable[[Self], None]) -> None:
        """Have ``cancel`` called when the run of a call is cancelled, until the end."""

        def watcher() -> None:
            cancel(self)

        self._watcher = watcher
        for token in self._tokens():
            token.watch(watcher)

    def tell(self, told: Told) -> bool:
        """Pass an event on; return whether it is of one of the calls, and not of a thread that another left behind."""
        call = self.calls.get(told.number)
        if call is not None:
            self._shield(lambda: call.context.scope.tell(told.event))
        return call is not None

    def end(self, outcomes: Sequence[Outcome] | Failure) -> None:
        """Say how the calls ended."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            for token in self._tokens():
                token.unwatch(watcher)
        self._shield(lambda: self.done(outcomes))

    def _tokens(self) -> list[CancelToken]:
        return [call.context.scope.token for call in self.calls.values()]

    def _shield(self, act: Callable[[], None]) -> None:
        """Call back; one run's observer that raises must not end the supervision of all."""
        try:
            act()
        except Exception:  # noqa: BLE001 - logged, and the loop of a run that was given up is gone
            _LOG.exception("an observer of %r raised", self.spec.id)


def write_order(calls: Mapping[int, Call], pack: Callable[[Handle], Any]) -> Order:
    """Return calls, by their numbers, as they travel.

    Args:
        pack: makes of a handle what travels.
    """
    number, told = next(iter(calls)), scope_of(next(iter(calls.values())).context.scope)
    return Order(number, tuple(_ordered(each, call, pack, told) for each, call in calls.items()))


def _ordered(number: int, call: Call, pack: Callable[[Handle], Any], told: Scope) -> Ordered:
    scope = scope_of(call.context.scope)
    return Ordered(number, write_call(call, pack), None if scope == told else scope)


def scope_of(scope: RunScope) -> Scope:
    """Return what another process is told of a run."""
    return Scope(scope.info, scope.output_folder, scope.previews, scope.started, scope.checkpoints)
