"""What a run of a plan would do, and why, without running anything.

Work is demanded as the machine of a run does it: backwards from the targets, past what is in the cache. So the
verdicts are what a run would do now, as far as anybody can know: which lazy inputs a node will ask for, what fails,
and what is evicted meanwhile, only the run shows.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from graphengine.plan.past import Past, Record, ingredients
from graphengine.plan.plan import Plan, Task
from graphengine.plan.reasons import Reason, Verdict, differences

Place = Literal["memory", "disk"]
"""Where a result is kept."""

_NAMED = 3  # nodes that one sentence names


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a run would do with a task.

    Attributes:
        verdict: its node is called; or called if a node asks for a lazy input; its result comes from the cache,
            or from a task that makes the same; or nobody needs it.
        reasons: at least one.
        seconds: what a call will take, judging by earlier ones; None where that is not known or none is made.
    """

    task: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    seconds: float | None


def explain(plan: Plan, past: Past, kept: Mapping[str, Place] | None) -> tuple[Explanation, ...]:
    """Return an explanation of every task, each after those it takes something from.

    Args:
        past: what is remembered of earlier runs of the same workflow.
        kept: where results are kept, by fingerprint; None where the cache is switched off.
    """
    demand = _Demand(plan, kept or {})
    told = _Reasons(plan, past, demand, kept)
    return tuple(told.explanation(task) for task in plan.tasks.values())


class _Demand:
    """The verdicts over a plan's tasks.

    Attributes:
        verdicts: by task.
        twin: the task that makes the result of another, by that other's name.
    """

    def __init__(self, plan: Plan, kept: Mapping[str, Place]) -> None:
        self._plan = plan
        self._kept = kept
        self._asked: set[str] = set()
        self._maker: dict[str, str] = {}
        self.verdicts: dict[str, Verdict] = dict.fromkeys(plan.tasks, "not_needed")
        self.twin: dict[str, str] = {}
        self._demand(plan.targets, "runs", lambda task: task.awaits)
        lazy = [
            need
            for task in plan.tasks.values()
            if self.verdicts[task.name] == "runs"
            for need in task.needs
            if need not in self._asked
        ]
        self._demand(lazy, "may_run", lambda task: task.needs)

    def _demand(self, names: Iterable[str], verdict: Verdict, follow: Callable[[Task], Iterable[str]]) -> None:
        """Ask for tasks as a run does; the order decides which of two that make the same is called."""
        stack, lookups = list(names), deque[Task]()
        while stack or lookups:
            if stack:
                task = self._plan.tasks[stack.pop()]
                if task.name in self._asked:
                    continue
                self._asked.add(task.name)
                if task.cacheable:
                    lookups.append(task)
                    continue
            else:
                task = lookups.popleft()
                if self._is_found(task):
                    self.verdicts[task.name] = "cached"
                    continue
            self.verdicts[task.name] = verdict
            stack.extend(follow(task))

    def _is_found(self, task: Task) -> bool:
        if task.fingerprint in self._kept:
            return True
        maker = self._maker.setdefault(task.fingerprint, task.name)
        if maker != task.name:
            self.twin[task.name] = maker
        return maker != task.name


class _Reasons:
    """Puts into words why each task has its verdict."""

    def __init__(self, plan: Plan, past: Past, demand: _Demand, kept: Mapping[str, Place] | None) -> None:
        self._plan = plan
        self._past = past
        self._demand = demand
        self._kept = kept

    def explanation(self, task: Task) -> Explanation:
        """Return the verdict over a task, and the reasons for it."""
        verdict = self._demand.verdicts[task.name]
        before = self._past.nodes.get(task.name)
        match verdict:
            case "runs":
                return Explanation(task.name, verdict, tuple(self._why(task, before)), self._seconds(task, before))
            case "may_run":
                reasons = (self._who_asks(task), *self._why(task, before))
                return Explanation(task.name, verdict, reasons, self._seconds(task, before))
            case "cached":
                return Explanation(task.name, verdict, (self._found(task),), None)
            case "not_needed":
                return Explanation(task.name, verdict, (_covered(task),), None)
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
            yield from differences(before.made_of, ingredients(task, self._plan), self._demand.verdicts)

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
        for name in task.consumers:
            if self._demand.verdicts[name] == "runs":
                consumer = self._plan.tasks[name]
                key = next(key for key, link in consumer.links.items() if link.source.node == task.name)
                return Reason("lazy", f"{name!r} takes it as {key!r} only if it asks for it", node=name)
        name = next(name for name in task.consumers if self._demand.verdicts[name] == "may_run")
        return Reason("lazy", f"{name!r}, which takes it, may run", node=name)

    def _found(self, task: Task) -> Reason:
        twin = self._demand.twin.get(task.name)
        if twin is not None:
            return Reason("same_result", f"{twin!r} gives the same result", node=twin)
        if self._kept is not None and self._kept[task.fingerprint] == "memory":
            return Reason("in_memory", "its result is in memory")
        return Reason("on_disk", "its result is on disk")


def _covered(task: Task) -> Reason:
    named = ", ".join(repr(name) for name in task.consumers[:_NAMED])
    rest = len(task.consumers) - _NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return Reason("covered", f"what takes it need not run: {named}{more}", node=task.consumers[0])
