"""The pure machine, over random graphs, caches, orders of completion, failures and cancels."""

import functools
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import invariants
import plain_pack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphengine.errors import EngineBug, Failure, FailureCode, NodeError
from graphengine.node.context import Attempt
from graphengine.node.declare import spec_of
from graphengine.node.spec import NodeSpec
from graphengine.plan.plan import Plan, Task
from graphengine.run.handle import Handle, Handles
from graphengine.run.lanes import Lanes, Ticket
from graphengine.run.messages import (
    Asked,
    Cancel,
    Event,
    Execute,
    Forgo,
    Granted,
    Instruction,
    Interrupt,
    LookedUp,
    Lookup,
    Queue,
    Raised,
    Release,
    Returned,
    RunFinished,
    Start,
    Stimulus,
    Store,
    TaskFailed,
    TaskFinished,
    TaskRetried,
    TaskSkipped,
    TaskStarted,
    Withdraw,
)
from graphengine.run.phase import Phase
from graphengine.run.state import RunState
from graphengine.types.assign import IDENTITY
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Socket
from graphengine.workflow.graph import Link

EXAMPLES = int(os.environ.get("GRAPHENGINE_EXAMPLES", "1000"))

FAULTS = st.lists(st.sampled_from(["node_raised", "out_of_memory", "node_error"]), min_size=1, max_size=4)
LANES = {"cpu": spec_of(plain_pack.passed), "io": spec_of(plain_pack.read), "gpu": spec_of(plain_pack.steps)}
SINK = spec_of(plain_pack.write)


@dataclass(frozen=True)
class Case:
    """A plan, and how the world answers."""

    plan: Plan
    cached: frozenset[str]
    faults: Mapping[str, Sequence[FailureCode]]
    asking: Mapping[str, Collection[str]]
    cancel_at: int | None
    keep_going: bool
    lanes: Mapping[str, int]

    @cached_property
    def attempts(self) -> Mapping[str, list[Attempt]]:
        """The attempts at every task, if nothing stops it: as many as there are faults that its node forgives."""
        return {name: list(self._attempts(name)) for name in self.plan.tasks}

    @cached_property
    def failing(self) -> frozenset[str]:
        return frozenset(name for name, faults in self.faults.items() if len(faults) >= len(self.attempts[name]))

    def _attempts(self, name: str) -> Iterator[Attempt]:
        spec = self.plan.tasks[name].spec
        left = {"out_of_memory": spec.shrinks, "node_raised": spec.retries}
        smaller = 0
        for number, code in enumerate((*self.faults.get(name, ()), None)):
            yield Attempt(number, smaller)
            smaller += code == "out_of_memory"
            if not left.get(code or ""):
                return
            left[code or ""] -= 1


def make_plan(
    needs: Mapping[str, Collection[str]],
    specs: Mapping[str, NodeSpec],
    targets: Collection[str],
    kept: Collection[str],
    lazy: Mapping[str, Collection[str]] | None = None,
    keys: Mapping[str, str | None] | None = None,
) -> Plan:
    lazy = lazy or {}
    consumers: dict[str, list[str]] = {name: [] for name in needs}
    for name, sources in needs.items():
        for source in sources:
            consumers[source].append(name)
    tasks = {
        name: Task(
            name=name,
            spec=specs[name],
            fingerprint=f"fp-{name}",
            constants={},
            links={f"i{k}": Link(Socket(source, "value"), IDENTITY) for k, source in enumerate(sources)},
            needs=tuple(sources),
            awaits=tuple(source for source in sources if source not in lazy.get(name, ())),
            consumers=tuple(consumers[name]),
            rank=1,
            batch_key=(keys or {}).get(name),
        )
        for name, sources in needs.items()
    }
    return Plan(tasks, tuple(targets), {f"out-{name}": Socket(name, "value") for name in kept})


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = [f"t{index}" for index in range(draw(st.integers(1, 12)))]
    needs = {
        name: draw(st.sets(st.sampled_from(names[:index]), max_size=4)) if index else set()
        for index, name in enumerate(names)
    }
    few = st.integers(0, 2)
    specs = {
        name: replace(draw(st.sampled_from([*LANES.values(), SINK])), retries=draw(few), shrinks=draw(few))
        for name in names
    }
    wanted = draw(st.sets(st.sampled_from(names), min_size=1))
    closure: set[str] = set()
    stack = list(wanted)
    while stack:
        name = stack.pop()
        if name not in closure:
            closure.add(name)
            stack.extend(needs[name])
    needs = {name: sorted(sources) for name, sources in needs.items() if name in closure}
    some_needs = {
        name: st.sets(st.sampled_from(sources)) if sources else st.just(set()) for name, sources in needs.items()
    }
    lazy = {name: draw(some_needs[name]) if draw(st.booleans()) else set() for name in needs}
    kept = sorted(draw(st.sets(st.sampled_from(sorted(closure)))))
    keys = {name: f"{specs[name].lane}{draw(few)}" if draw(st.booleans()) else None for name in needs}
    plan = make_plan(needs, specs, sorted(wanted), kept, lazy, keys)
    some = st.frozensets(st.sampled_from(sorted(closure)))
    return Case(
        plan=plan,
        cached=frozenset(name for name in draw(some) if not specs[name].sink),
        faults={name: draw(FAULTS) for name in draw(some)} if draw(st.booleans()) else {},
        asking={name: sorted(draw(some_needs[name]) & lazy[name]) for name in needs},
        cancel_at=draw(st.none() | st.integers(0, 15)),
        keep_going=draw(st.booleans()),
        lanes={"cpu": draw(st.integers(1, 3)), "io": 1, "gpu": 1},
    )


@dataclass(eq=False)
class World:
    """Obeys a machine as a runner would, in any order, and remembers everything."""

    case: Case
    state: RunState
    lanes: Lanes
    tickets: dict[str, Ticket] = field(default_factory=dict)
    inside: dict[str, Ticket] = field(default_factory=dict)
    pending: list[Stimulus] = field(default_factory=list)
    calls: dict[str, list[Attempt]] = field(default_factory=dict)
    begun: dict[str, set[Attempt]] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    asked: dict[str, set[str]] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    stored: list[str] = field(default_factory=list)
    made: dict[int, str] = field(default_factory=dict)
    held: dict[str, Handles] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)
    missed: set[str] = field(default_factory=set)
    cancelled: bool = False
    failed: bool = False

    def feed(self, stimulus: Stimulus) -> None:
        if isinstance(stimulus, LookedUp | Returned) and stimulus.handles is not None:
            self.finished.add(stimulus.task)
        if isinstance(stimulus, LookedUp) and stimulus.handles is None:
            self.missed.add(stimulus.task)
        if isinstance(stimulus, Returned | Raised | Asked):
            self.lanes.leave(self.inside.pop(stimulus.task))
        reaction = self.state.handle(stimulus)
        self.told += reaction.events
        self.failed |= any(isinstance(event, TaskFailed) for event in reaction.events)
        for instruction in reaction.instructions:
            self.obey(instruction)
        self.lanes.grant()
        invariants.check(self.state)

    def obey(self, instruction: Instruction) -> None:
        match instruction:
            case Lookup(task):
                assert not self.cancelled, "nothing is looked up after a cancel"
                assert self.case.keep_going or not self.failed, "nothing is looked up after a failure"
                hit = task in self.case.cached
                self.pending.append(LookedUp(task, self.make(task) if hit else None))
            case Queue(task, alone):
                assert not self.cancelled, "nothing is queued after a cancel"
                assert alone == (task in self.names(TaskRetried)), "what failed before is not made together"
                self.queue(task, alone)
            case Withdraw(task):
                self.lanes.withdraw(self.tickets.pop(task))
            case Execute(task, inputs, attempt):
                assert not self.cancelled, "nothing starts after a cancel"
                assert self.case.keep_going or not self.failed, "nothing starts after a failure"
                self.inside[task] = self.tickets.pop(task)
                lane = self.case.plan.tasks[task].spec.lane
                calls = [each for each in self.inside.values() if each.lane == lane]
                assert len({id(each.party or each) for each in calls}) <= self.case.lanes[lane]
                assert all(sum(each.party is one.party for each in calls) <= 3 for one in calls if one.party)
                self.call(task, inputs, attempt)
            case Store(task):
                self.stored.append(task)
                self.missed.remove(task)
            case Forgo(task):
                self.missed.discard(task)
            case Release(handles):
                self.released.append(self.made[id(handles["value"])])
            case Interrupt():
                assert self.cancelled

    def queue(self, name: str, alone: bool) -> None:
        task = self.case.plan.tasks[name]
        granted = functools.partial(self.pending.append, Granted(name))
        key = None if alone else task.batch_key
        ticket = Ticket(self, task.spec.lane, task.rank, task.weights, granted, key, limit=3)
        self.tickets[name] = ticket
        self.lanes.queue(ticket)

    def call(self, task: str, inputs: Handles, attempt: Attempt) -> None:
        self.begun.setdefault(task, set()).add(attempt)
        given = [self.made[id(handle)] for handle in inputs.values()]
        needs = set(self.case.plan.tasks[task].awaits) | self.asked.get(task, set())
        assert self.finished >= needs, "inputs are finished before a start"
        assert needs <= set(given) <= set(self.case.plan.tasks[task].needs), "the right values go in"
        assert not set(given) & set(self.released), "no value is released before its last use"
        missing = [need for need in self.case.asking[task] if need not in given]
        if missing:
            self.asked.setdefault(task, set()).add(missing[0])
            self.pending.append(Asked(task, missing[0]))
            return
        self.calls.setdefault(task, []).append(attempt)
        faults = self.case.faults.get(task, ())
        if attempt.number < len(faults):
            self.pending.append(Raised(task, Failure(faults[attempt.number], "as told")))
        else:
            self.pending.append(Returned(task, self.make(task), 1.0))

    @property
    def started(self) -> set[str]:
        return set(self.calls)

    def names(self, kind: type[Event]) -> Counter[str]:
        return Counter(event.task for event in self.told if isinstance(event, kind))

    def gone_before(self, name: str) -> set[str]:
        """What was skipped or failed when ``name`` failed; where it did not, in the end."""
        gone: set[str] = set()
        for event in self.told:
            if isinstance(event, TaskFailed | TaskSkipped):
                if event.task == name:
                    break
                gone.add(event.task)
        return gone

    def make(self, task: str) -> Handles:
        handle = Handle(task, TypeRef("Float"), 1)
        self.made[id(handle)] = task
        self.held[task] = {"value": handle}
        return self.held[task]


def play(case: Case, data: st.DataObject) -> World:
    world = World(case, RunState(case.plan, keep_going=case.keep_going), Lanes(case.lanes))
    world.feed(Start())
    step = 0
    while world.state.status is None:
        if step == case.cancel_at:
            world.cancelled = True
            world.feed(Cancel())
        elif world.pending:
            world.feed(world.pending.pop(data.draw(st.integers(0, len(world.pending) - 1))))
        else:
            raise AssertionError("the machine waits for something that nobody does")
        step += 1
    late = [each for each in world.pending if not isinstance(each, Granted)]  # of what was withdrawn
    assert not late, "nothing is left running at the end"
    assert not world.tickets, "nobody is left in a line"
    assert not world.inside, "nobody is left in a lane"
    assert not world.missed, "what the cache did not have was computed, or it was told that it will not be"
    return world


def closure(case: Case, starts: Collection[str], without: Collection[str] = ()) -> set[str]:
    """The tasks that must run: backwards from the targets, stopping at what is cached or nobody asks for."""
    stops = {*case.cached, *without}
    found: set[str] = set()
    stack = [name for name in starts if name not in stops]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(need for need in effective(case, name) if need not in stops)
    return found


def effective(case: Case, name: str) -> set[str]:
    """What a task really needs: all but the lazy inputs that it does not ask for."""
    return {*case.plan.tasks[name].awaits, *case.asking[name]}


def descendants(case: Case, starts: Collection[str], within: Collection[str]) -> set[str]:
    found: set[str] = set()
    stack = list(starts)
    while stack:
        cause = stack.pop()
        for consumer in case.plan.tasks[cause].consumers:
            if consumer in within and consumer not in found and cause in effective(case, consumer):
                found.add(consumer)
                stack.append(consumer)
    return found


@settings(max_examples=EXAMPLES, deadline=None)
@given(case=cases(), data=st.data())
def test_every_invariant_over_random_runs(case: Case, data: st.DataObject) -> None:
    world = play(case, data)
    demanded = closure(case, case.plan.targets)
    broken = set(world.names(TaskFailed))

    assert world.started <= demanded, "nothing outside the demanded closure runs"
    for name, calls in world.calls.items():
        assert calls == case.attempts[name][: len(calls)], "a task is called once per attempt, each as it should be"
    assert world.names(TaskStarted) == {name: len(attempts) for name, attempts in world.begun.items()}
    assert len(world.released) == len(set(world.released)), "a value is released once"
    kept = {socket.node for socket in case.plan.outputs.values()}
    left = set(world.held) - set(world.released)
    assert left <= kept, "what is not an output is released"
    assert {name.removeprefix("out-") for name in world.state.results()} == left
    assert set(world.stored) == {name for name in world.names(TaskFinished) if case.plan.tasks[name].cacheable}
    assert set(world.names(TaskSkipped)) <= descendants(case, broken, demanded), (
        "only descendants of a failure are skipped"
    )

    if world.cancelled:
        assert world.state.status in {"cancelled", "failed"}
    elif broken:
        assert world.state.status == "failed"
        if case.keep_going:
            independent = demanded - set(broken) - descendants(case, broken, demanded)
            needed = closure(case, [t for t in case.plan.targets if t in independent])
            for name in (world.started & case.failing) ^ set(broken):  # an attempt failed, and there was no next one
                assert len(world.calls[name]) < len(case.attempts[name]), "what is not forgiven is a failure"
                assert name not in closure(case, case.plan.targets, world.gone_before(name)), (
                    "the wanted is tried again"
                )
            assert needed <= world.started, "what does not depend on a failure is finished"
    else:
        assert world.state.status == "done"
        assert world.started == demanded, "everything demanded runs"


def linear(length: int, *, kept: bool = True) -> Plan:
    names = [f"t{index}" for index in range(length)]
    needs = {name: names[index - 1 : index] if index else [] for index, name in enumerate(names)}
    return make_plan(needs, dict.fromkeys(names, LANES["cpu"]), [names[-1]], [names[-1]] if kept else [])


def run_all(state: RunState, *, hits: Collection[str] = ()) -> list[Instruction]:
    """Answer everything at once, in order; return what was instructed."""
    todo: list[Stimulus] = [Start()]
    seen: list[Instruction] = []
    while todo:
        for instruction in state.handle(todo.pop(0)).instructions:
            seen.append(instruction)
            match instruction:
                case Lookup(task):
                    todo.append(LookedUp(task, {"value": Handle(0, TypeRef("Float"), 1)} if task in hits else None))
                case Queue(task):
                    todo.append(Granted(task))
                case Execute(task):
                    todo.append(Returned(task, {"value": Handle(0, TypeRef("Float"), 1)}, 0.0))
    return seen


def test_a_cached_target_runs_nothing() -> None:
    state = RunState(linear(50))
    assert [type(each) for each in run_all(state, hits={"t49"})] == [Lookup]
    assert state.status == "done"
    assert state.phase["t0"] is Phase.UNNEEDED


def test_a_chain_holds_at_most_two_values() -> None:
    state = RunState(linear(100))
    held = 0
    todo: list[Stimulus] = [Start()]
    while todo:
        for instruction in state.handle(todo.pop(0)).instructions:
            if isinstance(instruction, Lookup):
                todo.append(LookedUp(instruction.task, None))
            elif isinstance(instruction, Queue):
                todo.append(Granted(instruction.task))
            elif isinstance(instruction, Execute):
                todo.append(Returned(instruction.task, {"value": Handle(0, TypeRef("Float"), 1)}, 0.0))
        held = max(held, len(state.values))
    assert held == 1  # the machine itself; the call that makes the next value holds one more


def test_a_chain_of_ten_thousand_needs_no_recursion() -> None:
    state = RunState(linear(10_000))
    assert sum(isinstance(each, Execute) for each in run_all(state)) == 10_000


def test_a_cancel_before_the_start_starts_nothing() -> None:
    state = RunState(linear(3))
    reaction = state.handle(Cancel())
    assert reaction.events == [RunFinished("cancelled")]


def test_a_stimulus_that_cannot_happen_is_a_bug() -> None:
    state = RunState(linear(3))
    state.handle(Start())
    with pytest.raises(EngineBug, match="is idle, not running"):
        state.handle(Returned("t0", {}, 0.0))


def test_after_the_end_nothing_is_taken() -> None:
    state = RunState(linear(1))
    run_all(state)
    with pytest.raises(EngineBug, match="after the end"):
        state.handle(Cancel())


def test_a_slot_that_comes_too_late_starts_nothing() -> None:
    needs: dict[str, list[str]] = {"bad": [], "slow": [], "end": ["bad", "slow"]}
    state = RunState(make_plan(needs, dict.fromkeys(needs, LANES["cpu"]), ["end"], []), keep_going=True)
    for stimulus in (Start(), LookedUp("end", None), LookedUp("slow", None), LookedUp("bad", None), Granted("bad")):
        state.handle(stimulus)
    assert state.phase["slow"] is Phase.READY
    instructions = state.handle(Raised("bad", Failure("node_error", "as told"))).instructions
    assert [each for each in instructions if isinstance(each, Withdraw)] == [Withdraw("slow")]
    assert state.status == "failed"
    with pytest.raises(EngineBug, match="after the end"):
        state.handle(Granted("slow"))


def test_a_task_asked_for_after_its_need_failed_is_skipped() -> None:
    plan = make_plan({"bad": [], "late": ["bad"]}, dict.fromkeys(("bad", "late"), LANES["cpu"]), ["bad", "late"], [])
    state = RunState(plan, keep_going=True)
    state.handle(Start())
    state.handle(LookedUp("bad", None))
    state.handle(Granted("bad"))
    state.handle(Raised("bad", Failure("node_error", "as told")))
    reaction = state.handle(LookedUp("late", None))
    assert reaction.events == [TaskSkipped("late", "bad"), RunFinished("failed")]


def test_what_only_a_broken_task_needed_does_not_start() -> None:
    needs: dict[str, list[str]] = {"bad": [], "slow": [], "other": ["slow"], "end": ["bad", "other"]}
    plan = make_plan(needs, dict.fromkeys(needs, LANES["cpu"]), ["end"], [])
    state = RunState(plan, keep_going=True)
    for stimulus in (Start(), *(LookedUp(name, None) for name in ("end", "bad", "other", "slow")), Granted("bad")):
        state.handle(stimulus)
    state.handle(Raised("bad", Failure("node_error", "as told")))
    assert state.status == "failed"
    assert {name for name, phase in state.phase.items() if phase is Phase.UNNEEDED} == {"slow", "other"}


def test_a_failure_that_nobody_asked_for_does_not_skip() -> None:
    needs: dict[str, list[str]] = {"bad": [], "slow": [], "lazy": ["bad", "slow"]}
    plan = make_plan(needs, dict.fromkeys(needs, LANES["cpu"]), ["bad", "lazy"], ["lazy"], {"lazy": ["bad"]})
    state = RunState(plan, keep_going=True)
    for stimulus in (
        Start(),
        *(LookedUp(name, None) for name in ("bad", "lazy", "slow")),
        Granted("bad"),
        Granted("slow"),
    ):
        state.handle(stimulus)
    state.handle(Raised("bad", Failure("node_error", "as told")))
    assert state.phase["lazy"] is Phase.WAITING
    state.handle(Returned("slow", {"value": Handle(0, TypeRef("Float"), 1)}, 0.0))
    state.handle(Granted("lazy"))
    assert state.handle(Asked("lazy", "bad")).events == [TaskSkipped("lazy", "bad"), RunFinished("failed")]


def test_a_call_cannot_ask_for_what_it_does_not_take() -> None:
    state = RunState(linear(1))
    state.handle(Start())
    state.handle(LookedUp("t0", None))
    state.handle(Granted("t0"))
    with pytest.raises(EngineBug, match="asks for 'other'"):
        state.handle(Asked("t0", "other"))


def fail(state: RunState, code: FailureCode) -> tuple[Attempt, Event]:
    """Let the call of the only task fail; return which attempt it was, and what was told."""
    (execute,) = (each for each in state.handle(Granted("t")).instructions if isinstance(each, Execute))
    return execute.attempt, state.handle(Raised("t", Failure(code, "as told"))).events[0]


def one(**given: int) -> RunState:
    """A run of one task, which is queued."""
    spec = replace(LANES["cpu"], **given)
    state = RunState(make_plan({"t": []}, {"t": spec}, ["t"], []))
    state.handle(Start())
    state.handle(LookedUp("t", None))
    return state


def test_a_task_is_called_again_as_often_as_its_node_says() -> None:
    state, lost, raised = one(retries=2), Failure("worker_died", "as told"), Failure("node_raised", "as told")
    assert fail(state, "worker_died") == (Attempt(0), TaskRetried("t", lost, attempt=1, smaller=0))
    assert fail(state, "node_raised") == (Attempt(1), TaskRetried("t", raised, attempt=2, smaller=0))
    assert fail(state, "node_raised") == (Attempt(2), TaskFailed("t", raised))
    assert state.status == "failed"


def abandoned(asks: str | None = None) -> RunState:
    """A run that goes on, in which `t` runs when what wanted it, `end`, is skipped for the failure of `bad`."""
    specs = dict.fromkeys(("t", "bad", "other"), replace(LANES["cpu"], retries=1)) | {"end": LANES["cpu"]}
    needs = {"bad": [], "other": [], "t": [asks] if asks else [], "end": ["t", "bad"]}
    lazy = {"t": [asks]} if asks else {}
    state = RunState(make_plan(needs, specs, ["end"], [], lazy), keep_going=True)
    state.handle(Start())
    for name in ("end", "bad", "t"):
        state.handle(LookedUp(name, None))
    for name in ("t", "bad"):
        state.handle(Granted(name))
    state.handle(Raised("bad", Failure("node_error", "for good")))
    assert state.phase["end"] is Phase.SKIPPED
    return state


def test_what_nobody_wants_any_more_is_not_called_again() -> None:
    state, failure = abandoned(), Failure("node_raised", "as told")
    told = state.handle(Raised("t", failure))
    assert told.events == [TaskFailed("t", failure), RunFinished("failed")]
    assert not [each for each in told.instructions if isinstance(each, Queue)]


def test_what_nobody_wants_any_more_gets_no_lazy_input() -> None:
    state = abandoned(asks="other")
    assert state.handle(Asked("t", "other")).events == [RunFinished("failed")]
    assert state.phase["other"] is Phase.UNNEEDED


def test_what_finds_no_room_shrinks_and_counts_for_itself() -> None:
    state = one(retries=1, shrinks=2)
    attempts = [fail(state, code)[0] for code in ("out_of_memory", "timed_out", "out_of_memory")]
    assert attempts == [Attempt(0, 0), Attempt(1, 1), Attempt(2, 1)]
    assert fail(state, "out_of_memory") == (Attempt(3, 2), TaskFailed("t", Failure("out_of_memory", "as told")))


@pytest.mark.parametrize("code", ["node_error", "invalid_input", "wrong_output", "model_refused", "cancelled"])
def test_what_would_fail_again_is_not_called_again(code: FailureCode) -> None:
    assert isinstance(fail(one(retries=3, shrinks=3), code)[1], TaskFailed)


def test_an_error_may_say_that_it_is_transient() -> None:
    state = one(retries=1)
    state.handle(Granted("t"))
    events = state.handle(Raised("t", NodeError("no answer", transient=True).failure())).events
    assert isinstance(events[0], TaskRetried)


def test_a_run_that_stops_gives_no_second_chance() -> None:
    state = one(retries=1)
    state.handle(Granted("t"))
    state.handle(Cancel())
    failure = Failure("worker_died", "as told")
    assert state.handle(Raised("t", failure)).events == [TaskFailed("t", failure), RunFinished("cancelled")]
