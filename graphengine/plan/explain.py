"""What a run of a plan would do, and why, without running anything.

Work is demanded as the machine of a run does it: backwards from the targets, past what is in the cache. So the
verdicts are what a run would do now, as far as anybody can know: which lazy inputs a node will ask for, what fails,
and what is evicted meanwhile, only the run shows.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from graphengine.plan.expand import expand_each
from graphengine.plan.growing import Steps
from graphengine.plan.past import Past, Record, ingredients
from graphengine.plan.plan import Expansion, Gathering, Opening, Plan, Task
from graphengine.plan.reasons import Reason, Verdict, differences
from graphengine.workflow.graph import ForEach

Place = Literal["memory", "disk"]
"""Where a result is kept."""

Kept = Callable[[str], Place | None]

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
    """

    task: str
    node: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    seconds: float | None


def explain(plan: Plan, past: Past, kept: Kept | None) -> tuple[Explanation, ...]:
    """Return an explanation of every task, each after those it takes something from.

    Loops whose turns are known before the run are opened, as far as anybody needs them.

    Args:
        past: what is remembered of earlier runs of the same workflow.
        kept: says where a result is kept; None where the cache is switched off.
    """
    demand = _Demand(plan, kept or _nowhere)
    told = _Reasons(past, demand, kept)
    found = []
    for name in demand.steps:
        step = demand.steps[name]
        if isinstance(step, Task):
            found.append(told.explanation(step))
        elif isinstance(step, Opening) and name not in demand.steps.expansions:
            found.append(told.of_loop(step))
    return tuple(found)


def _nowhere(fingerprint: str) -> Place | None:
    del fingerprint
    return None


class _Demand:
    """The verdicts over a plan's steps.

    Attributes:
        steps: those of the plan, and those of loops that could be opened.
        verdicts: by step.
        twin: the task that makes the result of another, by that other's name.
    """

    def __init__(self, plan: Plan, kept: Kept) -> None:
        self._kept = kept
        self._asked: set[str] = set()
        self._maker: dict[str, str] = {}
        self.steps = Steps(plan)
        self.verdicts: dict[str, Verdict] = dict.fromkeys(plan.tasks, "not_needed")
        self.twin: dict[str, str] = {}
        self._demand(plan.targets, "runs", lambda task: task.awaits)
        lazy = [
            need
            for task in map(self.steps.__getitem__, list(self.steps))
            if isinstance(task, Task) and self.verdicts[task.name] == "runs"
            for need in task.needs
            if need not in self._asked
        ]
        self._demand(lazy, "may_run", lambda task: task.needs)

    def _demand(self, names: Iterable[str], verdict: Verdict, follow: Callable[[Task], Iterable[str]]) -> None:
        """Ask for tasks as a run does; the order decides which of two that make the same is called."""
        stack, lookups = list(names), deque[Task]()
        while stack or lookups:
            if stack:
                step = self.steps[stack.pop()]
                if step.name in self._asked:
                    continue
                self._asked.add(step.name)
                if isinstance(step, Task) and step.cacheable:
                    lookups.append(step)
                    continue
            else:
                step = lookups.popleft()
                if self._is_found(step):
                    self.verdicts[step.name] = "cached"
                    continue
            self.verdicts[step.name] = verdict
            stack.extend(follow(step) if isinstance(step, Task) else self._inside(step))

    def _inside(self, step: Opening | Gathering) -> Sequence[str]:
        """Return what a loop asks for: its turns, or if they are not known, all that they may take."""
        if isinstance(step, Gathering):
            opening = self.steps[step.opening]
            self._asked.add(opening.name)
            before = self._inside(opening) if isinstance(opening, Opening) else ()
            return (*before, *reversed(self.steps.awaits(step.name)[1:]))
        if step.name not in self.steps.expansions:
            for source in step.opened.values():
                opening = self.steps[source]
                if isinstance(opening, Opening):
                    self._asked.add(source)
                    self._inside(opening)
            self._open(step)
        if step.name in self.steps.expansions:
            return [name for name in step.awaits if name not in step.opened.values()]
        return [name for name in step.needs if name not in step.opened.values()]

    def _open(self, opening: Opening) -> None:
        repeat = opening.loop.repeat
        opened = self.steps.expansions
        if not isinstance(repeat, ForEach) or not all(
            opening.opened.get(port) in opened or port in opening.lengths for port in repeat.each
        ):
            return
        expansion = expand_each(opening, repeat, opening.lengths, opened)
        if isinstance(expansion, Expansion):
            self.verdicts |= dict.fromkeys((step.name for step in expansion.steps), "not_needed")
            for _ in self.steps.open(opening.name, expansion, lambda _: True):
                pass

    def _is_found(self, task: Task) -> bool:
        if self._kept(task.fingerprint) is not None:
            return True
        maker = self._maker.setdefault(task.fingerprint, task.name)
        if maker != task.name:
            self.twin[task.name] = maker
        return maker != task.name


class _Reasons:
    """Puts into words why each task has its verdict."""

    def __init__(self, past: Past, demand: _Demand, kept: Kept | None) -> None:
        self._past = past
        self._demand = demand
        self._kept = kept

    def explanation(self, task: Task) -> Explanation:
        """Return the verdict over a task, and the reasons for it."""
        verdict = self._demand.verdicts[task.name]
        before = self._past.nodes.get(task.name)
        match verdict:
            case "runs":
                return Explanation(
                    task.name, task.spec.key, verdict, tuple(self._why(task, before)), self._seconds(task, before)
                )
            case "may_run":
                reasons = (self._who_asks(task), *self._why(task, before))
                return Explanation(task.name, task.spec.key, verdict, reasons, self._seconds(task, before))
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
