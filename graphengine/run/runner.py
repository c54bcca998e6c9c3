"""The hands: obey the machine's instructions, and feed what happens back to it as stimuli."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, assert_never

from graphengine.errors import EngineBug, Failure
from graphengine.node.context import FIRST, RunInfo
from graphengine.plan.plan import Plan, Task
from graphengine.run.cache.checkpoints import OpenCheckpoints
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.calls import make_call
from graphengine.run.context import CancelToken, RunScope
from graphengine.run.executors.base import Call, Executor, Outcome, Sequel, Success, Wants
from graphengine.run.handle import Handles
from graphengine.run.inbox import Inbox
from graphengine.run.joint import call_together
from graphengine.run.lanes import Lanes, Place, Ticket
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
    Open,
    Queue,
    Raised,
    Release,
    Returned,
    Start,
    Status,
    Stimulus,
    Store,
    Withdraw,
)
from graphengine.run.opening import open_loop
from graphengine.run.phase import WAITING
from graphengine.run.sequels import sequels
from graphengine.run.state import RunState
from graphengine.run.stripped import without_values
from graphengine.run.wiring import call_of

Observer = Callable[[Event], None]

BRISK: Final = 100e-6
"""The seconds below which handing a call over to another thread takes longer than the call."""

TURN: Final = 10e-3
"""The seconds for which a run steps before everything else in the loop has its turn."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is run.

    Attributes:
        lanes: the slots that it shares with other runs.
        output_folder: where sinks write.
        previews: whether somebody looks at previews.
        checkpoints: where calls keep their states, if they do.
    """

    lanes: Lanes
    output_folder: Path
    keep_going: bool = False
    previews: bool = False
    checkpoints: OpenCheckpoints | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, and the values of the workflow's outputs that were computed.

    ``together`` says, by task, how many calls were made as one; rounding may differ from that of calls made alone.
    """

    status: Status
    outputs: Mapping[str, Any]
    together: Mapping[str, int] = field(default_factory=dict)


class Run:
    """One execution of a plan.

    Args:
        observe: is told every event, in order, in the event loop's thread.
    """

    def __init__(
        self,
        plan: Plan,
        info: RunInfo,
        executor: Executor,
        cache: SingleFlight,
        options: RunOptions,
        observe: Observer,
    ) -> None:
        self.info = info
        self._executor = executor
        self._cache = cache
        self._observe = observe
        self._lanes = options.lanes
        self._checkpoints = options.checkpoints
        self._state = RunState(plan, keep_going=options.keep_going)
        self._tasks = self._state.steps.tasks  # they grow
        self._has_weights = any(task.weights for task in self._tasks.values())
        self._token = CancelToken()
        self._stimuli: deque[Stimulus] = deque()
        self._log: list[Stimulus] = []
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Status] = loop.create_future()
        self._inbox = inbox = Inbox()
        self._lanes.used_by(loop)
        together = any(task.batch_key is not None for task in self._tasks.values())
        self._grant = partial(self._lanes.grant_later, loop.call_soon) if together else self._lanes.grant
        self._together: dict[str, int] = {}  # how many calls were made as one
        self._tickets: dict[str, Ticket] = {}  # of the tasks that are queued
        self._brisk = False  # whether the last call was quicker than its hand-over
        self._begun: set[str] = set()  # whose calls began in the breath of another, and the machine knows nothing of it
        self._at_rest = asyncio.Event()  # set while there are none
        self._at_rest.set()
        self._stepping = False
        self._going_on = False  # whether it will, when others have had their turn
        self._lookups: set[asyncio.Future[Handles | None]] = set()
        self._missed: set[str] = set()  # what the cache expects this run to compute
        self._over = False
        self._scope = RunScope(
            info=info,
            output_folder=options.output_folder,
            token=self._token,
            tell=lambda event: inbox.take(lambda: observe(event)),  # a circle would keep the whole log
            previews=options.previews,
            started=datetime.now().astimezone(),
            checkpoints=None if options.checkpoints is None else options.checkpoints.folder,
        )

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.info.id

    def cancel(self) -> None:
        """Stop as soon as the running calls let go; from any thread, at any time, more than once."""
        self._inbox.take(lambda: self._feed(Cancel()))  # before the calls notice, and say that they were
        self._token.cancel()

    async def result(self) -> RunResult:
        """Run to the end.

        Raises:
            EngineBug: an invariant broke; it carries every stimulus, so that the run can be replayed.
        """
        self._feed(Start())
        try:
            status = await self._ended
        finally:
            self._give_up()
        await self._at_rest.wait()
        return RunResult(status, self._executor.value(self._state.results()), self._together)

    def _step(self, stimulus: Stimulus) -> None:
        if self._state.status is not None:
            return  # a late cancel
        self._log.append(without_values(stimulus))
        try:
            reaction = self._state.handle(stimulus)
        except EngineBug as bug:
            raise EngineBug(f"{bug}", self._log) from bug
        if self._has_weights and isinstance(stimulus, LookedUp | Returned) and stimulus.handles:
            self._foresee(stimulus.task, stimulus.handles)
        for event in reaction.events:
            self._observe(event)
        for instruction in reaction.instructions:
            self._obey(instruction)
        if self._state.stopping:
            self._token.stopping = True
            self._stop_lookups()
        self._end_if_over()

    def _end_if_over(self) -> None:
        status = self._state.status
        if status is not None and not self._ended.done():  # done already if nobody awaits the result any more
            self._ended.set_result(status)

    def _foresee(self, name: str, handles: Handles) -> None:
        """Tell of the calls that wait for more than these weights: they can be loaded meanwhile."""
        for step in filter(None, map(self._tasks.get, self._state.steps.consumers(name))):
            if step.weights and self._state.phase[step.name] is WAITING:
                linked = {
                    key: handles[link.source.name] for key, link in step.links.items() if link.source.node == name
                }
                self._executor.foresee(step.spec, linked)

    def _obey(self, instruction: Instruction) -> None:
        match instruction:
            case Lookup():
                self._look_up(instruction.task)
            case Queue():
                self._queue(instruction.task, alone=instruction.alone)
            case Execute():
                self._execute(instruction)
            case Store():
                self._store(instruction.task, instruction.handles, instruction.seconds)
            case Release():
                self._executor.release(instruction.handles)
            case Open():
                self._feed(open_loop(instruction, self._executor))
            case Forgo():
                self._forgo(instruction.task)
            case Withdraw():
                self._withdraw(instruction.task)
            case Interrupt():
                self._token.cancel()
            case _:
                assert_never(instruction)

    def _look_up(self, task: str) -> None:
        found = self._cache.get(self._tasks[task].fingerprint)
        if isinstance(found, Awaitable):
            lookup = asyncio.ensure_future(found)
            self._lookups.add(lookup)
            lookup.add_done_callback(lambda lookup: self._looked_up(task, lookup))
        else:
            self._answered(task, found)

    def _looked_up(self, task: str, lookup: "asyncio.Future[Handles | None]") -> None:
        self._lookups.discard(lookup)
        if lookup.cancelled():
            self._feed(LookedUp(task, None))
        else:
            self._answered(task, lookup.result())

    def _answered(self, task: str, handles: Handles | None) -> None:
        if handles is None:
            self._missed.add(task)
            if self._over:
                self._forgo(task)
        self._feed(LookedUp(task, handles))

    def _stop_lookups(self) -> None:
        for lookup in self._lookups:
            lookup.cancel()

    def _store(self, task: str, handles: Handles, seconds: float) -> None:
        self._missed.discard(task)
        self._cache.put(self._tasks[task].fingerprint, handles, seconds)

    def _forgo(self, task: str) -> None:
        if task in self._missed:
            self._missed.remove(task)
            self._cache.forgo(self._tasks[task].fingerprint)

    def _give_up(self) -> None:
        """Let nobody wait for this run, however it ended; if it has not, nobody wants it to go on."""
        self._over = True
        self._feed(Cancel())
        self._token.cancel()
        self._stop_lookups()
        for task in list(self._missed):
            self._forgo(task)
        for ticket in self._tickets.values():  # none, unless the machine broke
            self._lanes.withdraw(ticket)
        self._lanes.grant()

    def _queue(self, name: str, *, alone: bool) -> None:
        if name in self._begun:
            self._forget(name)
            self._feed(Granted(name))
            return
        task = self._tasks[name]
        ticket = Ticket(self, task.lane, task.rank, task.weights, lambda: self._feed(Granted(name)))
        ticket.patient = bool(self._executor.breath) and task.cacheable and not task.weights
        if task.spec.together is not None and not alone and not task.flows:
            ticket.batch_key, ticket.limit = task.batch_key, task.spec.together.limit
        self._tickets[name] = ticket
        self._lanes.queue(ticket)

    def _withdraw(self, name: str) -> None:
        ticket = self._tickets.pop(name, None)
        if ticket is None:
            self._ahead(name)
        else:
            self._lanes.withdraw(ticket)

    def _ahead(self, name: str) -> None:
        """Note that a call began which the machine knows nothing of, or does not want any more."""
        self._begun.add(name)
        self._at_rest.clear()

    def _forget(self, name: str) -> None:
        self._begun.remove(name)
        if not self._begun:
            self._at_rest.set()

    def _execute(self, instruction: Execute) -> None:
        task, ticket = self._tasks[instruction.task], self._tickets.pop(instruction.task, None)
        if ticket is None:
            return  # the call began in the breath of another
        call = self._call(task, instruction)
        done = partial(self._answer, task, ticket, call)
        if ticket.party is not None:
            ticket.party.bring((call, done), partial(call_together, self._executor))
            return
        if self._brisk:
            self._add_sequels(task, ticket, call)
        self._executor.submit([call], _alone(done))

    def _call(self, task: Task, instruction: Execute) -> Call:
        if task.spec.checkpoints and self._checkpoints is not None:
            self._checkpoints.begin(task.fingerprint)
        return make_call(task, instruction, self._scope)

    def _add_sequels(self, task: Task, ticket: Ticket, call: Call) -> None:
        for before, following in sequels(self._state, task, self._executor.breath):
            instruction = call_of(following, self._state.values, FIRST)
            then = self._call(following, instruction)
            takes = {key: link.source.name for key, link in following.links.items() if link.source.node == before.name}
            call.sequel = Sequel(then, takes, _alone(partial(self._answer, following, ticket, then)))
            call = then

    def _answer(self, task: Task, ticket: Ticket, call: Call, outcome: Outcome) -> None:
        self._inbox.take(partial(self._called, task, ticket, call.sequel, outcome))

    def _called(self, task: Task, ticket: Ticket, sequel: Sequel | None, outcome: Outcome) -> None:
        self._brisk = isinstance(outcome, Success) and outcome.seconds < BRISK
        if sequel is not None and sequel.begun:
            self._ahead(sequel.call.context.node)  # in the same slot
        elif ticket.place is Place.INSIDE:
            self._lanes.leave(ticket, brisk=self._brisk)
        else:
            return  # it was told before that it is cancelled, and the others of its party have gone on
        if task.name in self._begun:
            self._forget(task.name)
            self._grant()
            return
        if isinstance(outcome, Success) and outcome.together > 1:
            self._together[task.name] = outcome.together
        if isinstance(outcome, Success) and self._checkpoints is not None and not task.cacheable:
            self._checkpoints.end(task.fingerprint)  # else its state goes when its result is kept
        self._feed(_stimulus(task, outcome))

    def _feed(self, stimulus: Stimulus) -> None:
        """Take a stimulus in, and step until none is left; what a step brings about at once waits its turn.

        Slots are granted between the steps, when all that is ready has lined up; where calls may be made together
        also those of runs that get their turn in the event loop only now.
        """
        self._stimuli.append(stimulus)
        if not self._stepping and (self._over or not self._going_on):
            self._go_on()

    def _go_on(self) -> None:
        """Step until no stimulus is left; in a large graph everything else in the loop has its turn now and then."""
        self._stepping, self._going_on = True, False
        until = time.perf_counter() + TURN
        try:
            while self._stimuli:
                self._step(self._stimuli.popleft())
                if not self._stimuli:
                    self._grant()
                elif time.perf_counter() > until and not self._over:
                    self._going_on = True
                    asyncio.get_running_loop().call_soon(self._go_on)
                    break
        except BaseException as error:  # noqa: BLE001 - whoever awaits the result is told, not whoever called back
            self._stimuli.clear()
            if not self._ended.done():
                self._ended.set_exception(error)
        finally:
            self._stepping = False


def _alone(tell: Callable[[Outcome], None]) -> Callable[[Sequence[Outcome]], None]:
    return lambda outcomes: tell(outcomes[0])


def _stimulus(task: Task, outcome: Outcome) -> Stimulus:
    match outcome:
        case Success():
            return Returned(task.name, outcome.handles, outcome.seconds, outcome.together, outcome.footprint)
        case Failure():
            return Raised(task.name, outcome)
        case Wants(name):
            return Asked(task.name, task.links[name].source.node)
        case _:
            assert_never(outcome)
