"""What a run tells the history of its workflow: an observer, and the records it makes when the run is over."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphengine.plan.past import Outcome, Record, ingredients
from graphengine.plan.plan import Plan, Step, Task
from graphengine.run.messages import Event, RunFinished, Status, TaskCached, TaskExpanded, TaskFailed, TaskFinished


@dataclass(frozen=True, slots=True)
class Account:
    """A run that is over.

    Attributes:
        steps: of its plan, and those that loops brought.
        when: Unix time of its end.
        outcomes: of the tasks that came to an end; those that were cancelled did not.
        seconds: that calls took, by task.
    """

    run: str
    steps: Mapping[str, Step]
    when: float
    status: Status
    outcomes: Mapping[str, Outcome]
    seconds: Mapping[str, float]

    def records(self, before: Mapping[str, Record], on_disk: Callable[[str], bool]) -> Mapping[str, Record]:
        """Return a record of each node that the run says something of: all of its plan, if it went well.

        Args:
            before: the records of earlier runs.
            on_disk: whether a result is kept there, by fingerprint.
        """
        made: dict[str, Record] = {}
        for name, task in self.steps.items():
            if not isinstance(task, Task):
                continue
            outcome = self.outcomes.get(name, "passed_over")
            if outcome == "passed_over" and self.status != "done":
                continue
            old = before.get(name)
            same = old is not None and old.made_of.fingerprint == task.fingerprint
            made_of = old.made_of if old is not None and same else ingredients(task, self.steps)
            seconds = self.seconds.get(name)
            if seconds is None and old is not None and old.made_of.type == task.spec.id:
                seconds = old.seconds
            made[name] = Record(made_of, outcome, seconds, on_disk(task.fingerprint), self.when, self.run)
        return made

    def durations(self) -> Mapping[str, list[float]]:
        """Return the seconds that calls took, by ``id@version`` of their nodes."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for name, seconds in self.seconds.items():
            task = self.steps[name]
            if isinstance(task, Task):
                found[task.spec.key].append(seconds)
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

    def note(self, event: Event) -> None:
        """Take one event in, in the thread of the run's event loop."""
        match event:
            case TaskFinished(task, seconds):
                self._outcomes[task] = "finished"
                self._seconds[task] = seconds
            case TaskExpanded(_, _, steps):
                self._steps |= {step.name: step for step in steps}
            case TaskCached(task):
                self._outcomes[task] = "cached"
            case TaskFailed(task, failure) if failure.code != "cancelled":
                self._outcomes[task] = "failed"
            case RunFinished(status):
                account = Account(self._run, self._steps, time.time(), status, self._outcomes, self._seconds)
                asyncio.get_running_loop().call_soon(self._done, account)  # observers hear of the end before it is
            case _:
                pass
