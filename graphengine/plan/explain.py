"""What a run of a plan would do, and why, without running anything.

Work is demanded as the machine of a run does it: backwards from the targets, past what is in the cache. So the
verdicts are what a run would do now, as far as anybody can know: which lazy inputs a node will ask for, what fails,
and what is evicted meanwhile, only the run shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from graphengine.plan.demand import Demand, Kept, nowhere
from graphengine.plan.memory import Forecast, Needs
from graphengine.plan.past import Past, Record, ingredients
from graphengine.plan.plan import Opening, Plan, Task
from graphengine.plan.reasons import Reason, Verdict, differences

_NAMED = 3  # nodes that one sentence names


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a run would do with a task, or with a loop of which only the run shows how often it turns.

    Attributes:
        node: ``id@version``, or ``loop``.
        verdict: its node is called; or called if a node asks for a lazy input; its result comes from the cache,
            or from a task that makes the same; or nobody needs it.
        reasons: at least one.
        seconds: what a call will take, judging by earlier ones; None where that is not known or none is made.
        needs: what it will take of the memory; None where none is made.
    """

    task: str
    node: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    seconds: float | None
    needs: Needs | None = None


def explain(plan: Plan, past: Past, kept: Kept | None, forecast: Forecast | None = None) -> tuple[Explanation, ...]:
    """Return an explanation of every task, each after those it takes something from.

    Loops whose turns are known before the run are opened, as far as anybody needs them.

    Args:
        past: what is remembered of earlier runs of the same workflow.
        kept: says where a result is kept; None where the cache is switched off.
        forecast: tells how much memory calls need.
    """
    demand = Demand(plan, kept or nowhere)
    told = _Reasons(past, demand, kept, forecast or Forecast())
    found = []
    for name in demand.steps:
        step = demand.steps[name]
        if isinstance(step, Task):
            found.append(told.explanation(step))
        elif isinstance(step, Opening) and name not in demand.steps.expansions:
            found.append(told.of_loop(step))
    return tuple(found)


class _Reasons:
    """Puts into words why each task has its verdict."""

    def __init__(self, past: Past, demand: Demand, kept: Kept | None, forecast: Forecast) -> None:
        self._past = past
        self._forecast = forecast
        self._demand = demand
        self._kept = kept

    def explanation(self, task: Task) -> Explanation:
        """Return the verdict over a task, and the reasons for it."""
        verdict = self._demand.verdicts[task.name]
        before = self._past.nodes.get(task.name)
        match verdict:
            case "runs" | "may_run":
                asks = () if verdict == "runs" else (self._who_asks(task),)
                reasons, seconds = (*asks, *self._why(task, before)), self._seconds(task, before)
                needs = self._forecast.needs(task, self._demand.steps.all, self._past)
                return Explanation(task.name, task.spec.key, verdict, reasons, seconds, needs)
            case "cached":
                return Explanation(task.name, task.spec.key, verdict, (self._found(task),), None)
            case "not_needed":
                return Explanation(task.name, task.spec.key, verdict, (self._covered(task),), None)
            case _:
                assert_never(verdict)

    def _seconds(self, task: Task, before: Record | None) -> float | None:
        if before is not None and before.seconds is not None and before.made_of.type == task.spec.id:
            return before.seconds
        return self._past.typical.get(task.spec.key)

    def _why(self, task: Task, before: Record | None) -> Iterator[Reason]:
        if not task.cacheable:
            yield Reason("sink", "it is a sink: it always runs")
        elif before is None:
            yield Reason("never_run", "never run before")
        elif before.made_of.fingerprint == task.fingerprint:
            yield self._why_again(before)
        else:
            yield from differences(before.made_of, ingredients(task, self._demand.steps.all), self._demand.verdicts)

    def _why_again(self, before: Record) -> Reason:
        """Say why the result of the same inputs is not there."""
        match before.outcome:
            case "failed":
                return Reason("failed_before", "it failed the last time")
            case "passed_over" if not before.on_disk:
                return Reason("not_needed_before", "the last run did not need it")
        if self._kept is None:
            return Reason("cache_off", "the cache is switched off")
        if before.on_disk:
            return Reason("evicted", "its result was evicted from the cache")
        return Reason("not_kept", "its result was not kept on disk, and is not in memory")

    def _who_asks(self, task: Task) -> Reason:
        consumers = self._demand.steps.consumers(task.name)
        for name in consumers:
            consumer = self._demand.steps[name]
            if self._demand.verdicts[name] == "runs" and isinstance(consumer, Task):
                key = next(key for key, link in consumer.links.items() if link.source.node == task.name)
                return Reason("lazy", f"{name!r} takes it as {key!r} only if it asks for it", node=name)
        name = next(name for name in consumers if self._demand.verdicts[name] != "not_needed").removesuffix("[]")
        return Reason("lazy", f"{name!r}, which takes it, may run", node=name)

    def _found(self, task: Task) -> Reason:
        twin = self._demand.twin.get(task.name)
        if twin is not None:
            return Reason("same_result", f"{twin!r} gives the same result", node=twin)
        if self._kept is not None and self._kept(task.fingerprint) == "memory":
            return Reason("in_memory", "its result is in memory")
        return Reason("on_disk", "its result is on disk")

    def _covered(self, task: Task) -> Reason:
        consumers = [name.removesuffix("[]") for name in self._demand.steps.consumers(task.name)]
        named = ", ".join(repr(name) for name in consumers[:_NAMED])
        rest = len(consumers) - _NAMED
        more = f" and {rest} more" if rest > 0 else ""
        return Reason("covered", f"what takes it need not run: {named}{more}", node=consumers[0])

    def of_loop(self, opening: Opening) -> Explanation:
        """Return what can be said of a loop of which nobody knows how often it turns."""
        needed = self._demand.verdicts[opening.name] != "not_needed" or self._is_asked(opening)
        if not needed:
            reason = Reason("covered", "what takes it need not run")
            return Explanation(opening.loop.name, "loop", "not_needed", (reason,), None)
        reason = Reason("loop", "how often it turns, and what of that is cached, only the run shows")
        return Explanation(opening.loop.name, "loop", "may_run", (reason,), None)

    def _is_asked(self, opening: Opening) -> bool:
        return any(self._demand.verdicts[name] != "not_needed" for name in self._demand.steps.consumers(opening.name))
