"""The pure machine: it decides, and does nothing.

Stimuli go in by one door, :meth:`RunState.handle`; instructions and events come out. There is no clock, no
I/O and no await in here, so a run can be replayed from its stimuli, and every order of completions tested.

Work is demanded backwards from the targets: a target is looked up in the cache first, and only a miss
demands what it needs. A value is held while a task that may still want it is unsettled, and released once.
Loops are opened on the way: an opening that is reached brings new tasks, which are like any other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from graphengine.errors import EngineBug, Failure
from graphengine.node.context import FIRST, Attempt
from graphengine.plan.growing import Steps
from graphengine.plan.plan import Expansion, Gathering, Opening, Plan, Task
from graphengine.run.attempts import next_attempt
from graphengine.run.handle import Handle, Handles
from graphengine.run.messages import (
    Asked,
    Cancel,
    Forgo,
    Granted,
    Interrupt,
    LookedUp,
    Lookup,
    Opened,
    Queue,
    Raised,
    Release,
    Returned,
    RunFinished,
    RunStarted,
    Start,
    Status,
    Stimulus,
    Store,
    TaskCached,
    TaskExpanded,
    TaskFailed,
    TaskFinished,
    TaskRetried,
    TaskSkipped,
    TaskStarted,
    Withdraw,
)
from graphengine.run.phase import (
    BROKEN,
    DONE,
    FAILED,
    IDLE,
    LOOKUP,
    MISSED,
    READY,
    RUNNING,
    SETTLED,
    SKIPPED,
    UNNEEDED,
    WAITING,
    Phase,
    Reaction,
)
from graphengine.run.wiring import call_of, gathered, opening_of


class RunState:
    """The state of one run of one plan.

    Args:
        plan: what to compute.
        keep_going: after a failure go on with what does not depend on it; else start nothing new.
    """

    def __init__(self, plan: Plan, *, keep_going: bool = False) -> None:
        self.plan = plan
        self.steps = Steps(plan)
        self._step = self.steps.all  # it grows
        self.keep_going = keep_going
        self.phase: dict[str, Phase] = dict.fromkeys(plan.tasks, IDLE)
        self.values: dict[str, Handles] = {}
        self.status: Status | None = None
        self._targets = set(plan.targets)
        self._kept = {socket.node for socket in plan.outputs.values()}
        # Who may still want a task's value: its unsettled consumers, whoever asked for it as a target, and
        # the caller who gets it as an output (who never lets go).
        self._holders = {name: len(task.consumers) for name, task in plan.tasks.items()}
        for name in (*plan.targets, *self._kept):
            self._holders[name] += 1
        self._missing: dict[str, set[str]] = {}
        self._asked_for: dict[str, tuple[str, ...]] = {}  # the lazy needs that calls wanted, by task
        self._attempts: dict[str, Attempt] = {}  # where it is not the first
        self._begun: set[str] = set()  # whose current attempt was told
        self._in_flight = 0  # lookups, queued tasks, calls and openings: what will bring a stimulus
        self._stopping: Status | None = None
        self._out = Reaction()

    def handle(self, stimulus: Stimulus) -> Reaction:
        """Take one stimulus in, and return what follows from it.

        Raises:
            EngineBug: the stimulus cannot happen in this state, or the run cannot go on.
        """
        if self.status is not None:
            raise EngineBug(f"{stimulus!r} after the end of the run")
        reaction = self._out = Reaction()
        self._take(stimulus)
        if not self._in_flight:
            self._finish()
        return reaction

    def _take(self, stimulus: Stimulus) -> None:
        match stimulus:
            case LookedUp():
                self._looked_up(stimulus.task, stimulus.handles)
            case Granted():
                self._granted(stimulus.task)
            case Returned():
                self._returned(stimulus)
            case Raised():
                self._raised(stimulus.task, stimulus.failure)
            case Asked():
                self._asked(stimulus.task, stimulus.need)
            case Start():
                self._out.events.append(RunStarted(len(self.steps.tasks)))
                self._demand(self.plan.targets)
            case Opened():
                self._opened(stimulus.task, stimulus.ports, stimulus.expansion)
            case Cancel():
                self._cancel()
            case _:
                assert_never(stimulus)

    @property
    def stopping(self) -> bool:
        """Whether nothing new starts, and the run ends as soon as what is in flight has ended."""
        return self._stopping is not None

    def waits_only_for(self, name: str, need: str) -> bool:
        """Return whether a task will be ready as soon as another one is done."""
        return self.phase[name] is WAITING and self._missing[name] == {need}

    def results(self) -> Mapping[str, Handle]:
        """Return the values of the plan's outputs that were computed, by the outputs' names."""
        return {
            name: self.values[socket.node][socket.name]
            for name, socket in self.plan.outputs.items()
            if socket.node in self.values
        }

    # -------------------------------------------------------------- transitions

    def _looked_up(self, name: str, handles: Handles | None) -> None:
        self._in_flight -= 1
        if self.phase[name] is UNNEEDED:
            self._out.instructions.append(Forgo(name) if handles is None else Release(handles))
            return
        self._expect(name, LOOKUP)
        if handles is not None:
            self._out.events.append(TaskCached(name))
            self._done(name, handles)
        elif self._stopping:
            self._settle(name, UNNEEDED)
        else:
            self._demand(self._wait(name))

    def _granted(self, name: str) -> None:
        if self.phase[name] is UNNEEDED:
            return  # it was withdrawn in the meantime
        self._expect(name, READY)
        self.phase[name] = RUNNING
        self._out.instructions.append(call_of(self.steps.tasks[name], self.values, self._attempts.get(name, FIRST)))
        if name not in self._begun:
            self._begun.add(name)
            self._out.events.append(TaskStarted(name))

    def _returned(self, returned: Returned) -> None:
        name, handles, seconds = returned.task, returned.handles, returned.seconds
        self._end_call(name)
        nbytes = sum([handle.nbytes for handle in handles.values()])
        self._out.events.append(TaskFinished(name, seconds, nbytes, returned.together, returned.footprint))
        if self._step[name].cacheable:
            self._out.instructions.append(Store(name, handles, seconds))
        self._done(name, handles)

    def _raised(self, name: str, failure: Failure) -> None:
        self._end_call(name)
        task = self.steps.tasks.get(name)  # none if a loop could not be opened
        again = None if task is None else next_attempt(task.spec, self._attempts.get(name, FIRST), failure)
        if again is not None and not self._stopping and self._holders[name]:
            self._retry(name, failure, again)
            return
        self._out.events.append(TaskFailed(self._shown(name), failure))
        self._settle(name, FAILED)
        self._skip_consumers(name)
        if not self.keep_going:
            self._stop("failed")

    def _retry(self, name: str, failure: Failure, again: Attempt) -> None:
        self._attempts[name] = again
        self._begun.remove(name)
        self._out.events.append(TaskRetried(name, failure, again.number, again.smaller))
        self._make_ready(name)

    def _asked(self, name: str, need: str) -> None:
        self._end_call(name)
        if need not in self.steps.needs(name) or need in self._asked_for.get(name, ()):
            raise EngineBug(f"task {name!r} asks for {need!r}, which it does not take or already has")
        self._asked_for[name] = (*self._asked_for.get(name, ()), need)
        if self._stopping or not self._holders[name]:  # whoever wanted it was skipped while it ran
            self._settle(name, UNNEEDED)
        else:
            self._demand(self._wait(name))

    def _opened(self, name: str, ports: Handles, expansion: Expansion) -> None:
        """Take the steps of a loop in, and hold for them what they may want."""
        self._end_call(name)
        if self._stopping:
            self._settle(name, UNNEEDED)
            return
        for step in expansion.steps:
            self.phase[step.name] = IDLE
            self._holders[step.name] = len(step.consumers)
        for need in self.steps.open(name, expansion, lambda each: self.phase[each] not in SETTLED):
            self._holders[need] += 1
        loop = self._shown(name)
        self._out.events.append(TaskExpanded(loop, expansion.turns, expansion.steps))
        if loop in self._targets and expansion.listed:
            for end in expansion.ends(
                expansion.results
            ):  # each for itself: one that fails does not take the others with it
                self._targets.add(end)
                self._holders[end] += 1
        for consumer in self.steps.consumers(name):
            if self.phase[consumer] is WAITING and isinstance(self._step[consumer], Gathering):
                waited = [each for each in self.steps.awaits(consumer) if self.phase[each] is not DONE]
                self._missing[consumer] |= set(waited)
                self._demand(reversed(waited))  # what is demanded last is looked up first
        self._done(name, ports)

    def _cancel(self) -> None:
        self._stop("cancelled")
        self._out.instructions.append(Interrupt())

    def _done(self, name: str, handles: Handles) -> None:
        self.values[name] = handles
        ready = []
        for consumer in self.steps.consumers(name):
            if self.phase[consumer] is WAITING:
                missing = self._missing[consumer]
                if name in missing:
                    missing.remove(name)
                    if not missing:
                        ready.append(consumer)
        self._settle(name, DONE)
        for consumer in ready:
            self._make_ready(consumer)
        if not self._holders[name] and name in self.values:  # a loop that was ready is done, and lets go at once
            self._release(name)

    # -------------------------------------------------------------- demand

    def _demand(self, names: Iterable[str]) -> None:
        """Ask the cache for tasks, or where it cannot answer, demand what they need."""
        stack = list(names)  # no recursion: a chain may be ten thousand long
        while stack:
            name = stack.pop()
            if self.phase[name] is not IDLE:
                continue
            if self._step[name].cacheable:
                self.phase[name] = LOOKUP
                self._in_flight += 1
                self._out.instructions.append(Lookup(name))
            else:
                stack.extend(self._wait(name))

    def _wait(self, name: str) -> Sequence[str]:
        """Let a task wait for what it awaits; return what it misses, to be demanded."""
        phase = self.phase
        needs = (*self.steps.awaits(name), *self._asked_for.get(name, ()))
        missing = [need for need in needs if phase[need] is not DONE]
        for need in missing:
            if phase[need] in BROKEN:
                self._skip(name, need)
                self._skip_consumers(name)
                return ()
        phase[name] = WAITING
        self._missing[name] = set(missing)
        if not missing:
            self._make_ready(name)
        return missing

    def _make_ready(self, name: str) -> None:
        step = self._step[name]
        match step:
            case Task():
                self.phase[name] = READY
                self._in_flight += 1
                self._out.instructions.append(Queue(name, alone=name in self._attempts))
            case Opening():
                self._open(step)
            case Gathering():
                self._done(name, gathered(step, self.values, self.steps.last(name)))
            case _:
                assert_never(step)

    def _end_call(self, name: str) -> None:
        self._expect(name, RUNNING)
        self._in_flight -= 1

    def _open(self, opening: Opening) -> None:
        self.phase[opening.name] = RUNNING
        self._in_flight += 1
        self._out.instructions.append(opening_of(opening, self.values, self.steps.expansions))

    # -------------------------------------------------------------- endings

    def _skip(self, name: str, cause: str) -> None:
        if not isinstance(self._step[name], Opening):  # the loop as a whole is skipped with it
            self._out.events.append(TaskSkipped(name, self._shown(cause)))
        self._settle(name, SKIPPED)

    def _skip_consumers(self, failed: str) -> None:
        stack = [failed]
        while stack:
            cause = stack.pop()
            for consumer in self.steps.consumers(cause):
                if self.phase[consumer] is WAITING and cause in self._missing[consumer]:
                    self._skip(consumer, cause)
                    stack.append(consumer)

    def _settle(self, name: str, phase: Phase) -> None:
        """Put a task into a final phase, and let go of everything it held."""
        self.phase[name] = phase
        if phase is not DONE:
            self._forgo(name)
        if name in self._targets:
            self._holders[name] -= 1
        stack = [name]
        while stack:
            for need in self.steps.needs(stack.pop()):
                self._holders[need] -= 1
                if self._holders[need]:
                    continue
                if self.phase[need] is DONE:
                    self._release(need)
                elif self.phase[need] not in SETTLED and self.phase[need] is not RUNNING:
                    if self.phase[need] in MISSED:
                        self._forgo(need)
                    self._withdraw(need)
                    self.phase[need] = UNNEEDED
                    stack.append(need)

    def _withdraw(self, name: str) -> None:
        if self.phase[name] is READY:
            self._in_flight -= 1
            self._out.instructions.append(Withdraw(name))

    def _forgo(self, name: str) -> None:
        if self._step[name].cacheable:
            self._out.instructions.append(Forgo(name))

    def _release(self, name: str) -> None:
        handles = self.values.pop(name)
        if name in self.steps.tasks:  # what a loop gathered are the values of its tasks
            self._out.instructions.append(Release(handles))

    def _stop(self, status: Status) -> None:
        self._stopping = self._stopping or status
        for name in self.phase:  # other runs may wait for what this one will not compute
            if self.phase[name] in MISSED:
                self._withdraw(name)
                self._settle(name, UNNEEDED)

    def _finish(self) -> None:
        phases = set(self.phase.values())
        if not self._stopping and not phases <= {*SETTLED, IDLE}:
            raise EngineBug("nothing is in flight, and tasks wait")
        for name in [each for each in self.values if each not in self._kept]:
            self._release(name)
        self.status = self._stopping or ("failed" if FAILED in phases else "done")
        self._out.events.append(RunFinished(self.status))

    def _expect(self, name: str, phase: Phase) -> None:
        if self.phase[name] is not phase:
            raise EngineBug(f"task {name!r} is {self.phase[name].value}, not {phase.value}")

    def _shown(self, name: str) -> str:
        """Return the name of a step as a person knows it: an opening is its loop."""
        return name.rpartition("[")[0] if isinstance(self._step[name], Opening) else name
