"""What a run tells the history of its workflow: an observer, and the records it makes when the run is over."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from graphengine.plan.past import Device, Outcome, Record, Taken, ingredients
from graphengine.plan.plan import Plan, Step, Task
from graphengine.run.messages import Event, RunFinished, Status, TaskCached, TaskExpanded, TaskFailed, TaskFinished

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Account:
    """A run that is over.

    Attributes:
        steps: of its plan, and those that loops brought.
        when: Unix time of its end.
        outcomes: of the tasks that came to an end; those that were cancelled did not.
        seconds: that calls took, by task.
        taken: what they took of the memory.
    """

    run: str
    steps: Mapping[str, Step]
    when: float
    status: Status
    outcomes: Mapping[str, Outcome]
    seconds: Mapping[str, float]
    taken: Mapping[str, Taken] = field(default_factory=dict)

    def records(
        self, before: Mapping[str, Record], on_disk: Callable[[str], bool], without: Container[str] = ()
    ) -> Mapping[str, Record]:
        """Return a record of each node that the run says something of: all of its plan, if it went well.

        Args:
            before: the records of earlier runs.
            on_disk: whether a result is kept there, by fingerprint.
            without: tasks that are left out.
        """
        made: dict[str, Record] = {}
        for name, task in self.steps.items():
            if not isinstance(task, Task) or name in without:
                continue
            outcome = self.outcomes.get(name, "passed_over")
            if outcome == "passed_over" and self.status != "done":
                continue
            old = before.get(name)
            same = old is not None and old.made_of.fingerprint == task.fingerprint
            made_of = old.made_of if old is not None and same else ingredients(task, self.steps)
            earlier = old if old is not None and old.made_of.type == task.spec.id else None
            seconds, taken = self.seconds.get(name), self.taken.get(name)
            if earlier is not None:
                seconds = earlier.seconds if seconds is None else seconds
                taken = earlier.taken if taken is None else taken.over(earlier.taken)
            made[name] = Record(made_of, outcome, seconds, on_disk(task.fingerprint), self.when, self.run, taken)
        return made

    def durations(self) -> Mapping[str, list[float]]:
        """Return the seconds that calls took, by ``id@version`` of their nodes."""
        return self._by_node(self.seconds)

    def memory(self) -> Mapping[str, list[Taken]]:
        """Return what calls took of the memory, where that was told, in the same way."""
        return self._by_node({name: taken for name, taken in self.taken.items() if taken.footprint is not None})

    def device(self) -> Device | None:
        """Return where models computed, if any did."""
        told = (taken.footprint for taken in self.taken.values() if taken.footprint is not None)
        return next((Device(each.device, each.capacity) for each in told if each.device), None)

    def _by_node(self, told: Mapping[str, Told]) -> Mapping[str, list[Told]]:
        found: defaultdict[str, list[Told]] = defaultdict(list)
        for name, each in told.items():
            task = self.steps[name]
            if isinstance(task, Task):
                found[task.spec.key].append(each)
        return found


class Recorder:
    """Notes how the tasks of one run end.

    Args:
        done: takes the account when the run is over and has offered its last result to the cache.
    """

    def __init__(self, run: str, plan: Plan, done: Callable[[Account], None]) -> None:
        self._run = run
        self._steps: dict[str, Step] = dict(plan.tasks)
        self._done = done
        self._outcomes: dict[str, Outcome] = {}
        self._seconds: dict[str, float] = {}
        self._taken: dict[str, Taken] = {}

    def beside(self, observe: Callable[[Event], None]) -> Callable[[Event], None]:
        """Return an observer that tells another one everything, and notes it."""

        def both(event: Event) -> None:
            observe(event)
            self.note(event)

        return both

    def note(self, event: Event) -> None:
        """Take one event in, in the thread of the run's event loop."""
        match event:
            case TaskFinished(task, seconds, nbytes, _, footprint):
                self._outcomes[task] = "finished"
                self._seconds[task] = seconds
                self._taken[task] = Taken(nbytes, footprint)
            case TaskExpanded(_, _, steps):
                self._steps |= {step.name: step for step in steps}
            case TaskCached(task):
                self._outcomes[task] = "cached"
            case TaskFailed(task, failure) if failure.code != "cancelled":
                self._outcomes[task] = "failed"
            case RunFinished(status):
                told = (self._outcomes, self._seconds, self._taken)
                account = Account(self._run, self._steps, time.time(), status, *told)
                asyncio.get_running_loop().call_soon(self._done, account)  # observers hear of the end before it is
            case _:
                pass
