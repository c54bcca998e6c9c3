"""Calls of several runs that share a slot, made as one."""

from collections.abc import Callable, Sequence
from functools import partial

from graphengine.errors import Failure
from graphengine.run.executors.base import Call, Executor, Outcome

Tell = Callable[[Outcome], None]

_CANCELLED = Failure("cancelled", "the run was cancelled")


def call_together(executor: Executor, brought: Sequence[tuple[Call, Tell]]) -> None:
    """Make calls as one, and tell each its outcome.

    Who is cancelled while others are not is told so at once, and its outcome a second time when there is one: nobody
    waits for the work of others. If all are cancelled, the call itself stops.
    """
    calls = [call for call, _ in brought]
    watchers = [partial(_tell_early, tell, calls) for _, tell in brought]

    def done(outcomes: Sequence[Outcome]) -> None:
        for (call, tell), watcher, outcome in zip(brought, watchers, outcomes, strict=True):
            call.context.scope.token.unwatch(watcher)
            tell(outcome)

    for call, watcher in zip(calls, watchers, strict=True):
        call.context.scope.token.watch(watcher)
    executor.submit(calls, done)


def _tell_early(tell: Tell, calls: Sequence[Call]) -> None:
    if not all(each.context.cancelled for each in calls):
        tell(_CANCELLED)
