"""Which steps of a plan a run would demand, and what it would do with each, as the machine of a run does it."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from graphengine.plan.expand import expand_each
from graphengine.plan.growing import Steps
from graphengine.plan.plan import Expansion, Gathering, Opening, Plan, Task
from graphengine.plan.reasons import Verdict
from graphengine.workflow.graph import ForEach

Place = Literal["memory", "disk"]
"""Where a result is kept."""

Kept = Callable[[str], Place | None]
"""Says where a result is kept, by fingerprint."""


def nowhere(fingerprint: str) -> Place | None:
    """Say that nothing is kept."""
    del fingerprint
    return None


class Demand:
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
