"""The seam between the engine and the places where node functions run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from graphengine.errors import Failure
from graphengine.node.context import FIRST, Attempt
from graphengine.node.footprint import Footprint
from graphengine.node.spec import Lane, NodeSpec
from graphengine.plan.plan import scarcest
from graphengine.run.context import TaskContext
from graphengine.run.handle import Handle, Handles
from graphengine.types.assign import Conversion
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef

SMALL: Final = 2**20
"""The bytes up to which a result may wait until it is told, while a sequel of its call is made."""

Taken = tuple[str, str]
"""A flow, by its name, and which of its outputs."""


@dataclass(frozen=True, slots=True)
class FlowCall:
    """A node that gives items one after another within a call.

    Attributes:
        taken: the inputs that take items of flows before it.
        each: the inputs to which items come singly: the node is called for each. Without any it is called once.
    """

    name: str
    spec: NodeSpec
    constants: Mapping[str, Any]
    linked: Handles
    conversions: Mapping[str, Conversion]
    taken: Mapping[str, Taken]
    each: tuple[str, ...]


@dataclass(slots=True)
class Sequel:
    """A call that waits for nothing but one other: whoever has made that one may make this in the same breath.

    Attributes:
        call: it lacks what the other gives.
        takes: which of the other's outputs comes to which of its inputs.
        done: is told its outcome, after the other's.
        begun: whether it is being made; set before the other's outcome is told.
    """

    call: "Call"
    takes: Mapping[str, str]
    done: "Callable[[Sequence[Outcome]], None]"
    begun: bool = False

    def begin(self, before: "Outcome") -> bool:
        """Take what the call before gave; return whether this one is to be made now."""
        if isinstance(before, Success) and not self.call.context.stopping and before.nbytes <= SMALL:
            self.call.linked = {**self.call.linked, **{key: before.handles[name] for key, name in self.takes.items()}}
            self.begun = True
        return self.begun


@dataclass(slots=True)
class Call:
    """A node function to be called.

    Attributes:
        constants: checked plain values, by input.
        linked: handles of this executor, by input, each with its conversion in ``conversions``.
        taken: the inputs that take items of flows.
        flows: what gives items within the call, in order.
        collects: the node is the last of the flows: all its items are the result, as lists.
        sequel: what may be called in the same breath.
    """

    spec: NodeSpec
    constants: Mapping[str, Any]
    linked: Handles
    conversions: Mapping[str, Conversion]
    context: TaskContext
    attempt: Attempt = FIRST
    taken: Mapping[str, Taken] = field(default_factory=dict)
    flows: tuple[FlowCall, ...] = ()
    collects: bool = False
    sequel: Sequel | None = None

    @property
    def has_effects(self) -> bool:
        """Whether it has an effect outside."""
        return self.spec.sink or any(flow.spec.sink for flow in self.flows)

    @property
    def lane(self) -> Lane:
        """The lane that it occupies."""
        return scarcest(self.spec, self.flows) if self.flows else self.spec.lane


@dataclass(slots=True)
class Success:
    """A call returned, after ``seconds``: its share, if it was made ``together`` with others as one call.

    ``footprint`` is what it took of the memory, where that could be told.
    """

    handles: Handles
    seconds: float
    together: int = 1
    footprint: Footprint | None = None

    @property
    def nbytes(self) -> int:
        """About what the results take of their holder's memory."""
        return sum([handle.nbytes for handle in self.handles.values()])


@dataclass(frozen=True, slots=True)
class Wants:
    """A call ended because it wants the lazy input ``name``, which it was not given."""

    name: str


Outcome = Success | Failure | Wants


class Executor(Protocol):
    """Calls node functions and holds what they return.

    Attributes:
        breath: how many sequels of a quick call it makes at once, at most.
    """

    breath: int

    def submit(self, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Start a call, or several of one node that can be made together.

        ``done`` is called exactly once with an outcome for each, from any thread. It never raises for what a node
        does; it may call ``done`` before it returns. Calls that fail together are made one by one.
        """
        ...

    def foresee(self, spec: NodeSpec, linked: Handles) -> None:
        """Take note that a call of a node like this will come soon, with these links; from any thread.

        A hint: services may prepare for it, such as load a model while another computes. It returns at once, never
        raises, and changes no result; the call may never come.
        """
        ...

    def value(self, handles: Handles) -> Mapping[str, Any]:
        """Return the values behind handles of this executor."""
        ...

    def split(self, handle: Handle) -> tuple[Handle, ...]:
        """Return handles to the items of a list; no value is copied where that can be."""
        ...

    def encode(self, handle: Handle) -> Encoded:
        """Take the value behind a handle apart, for a tier that keeps bytes; from any thread."""
        ...

    def adopt(self, type_: TypeRef, encoded: Encoded) -> Handle:
        """Take a value in that a tier kept, and return a handle of this executor to it; from any thread.

        Raises:
            ValueError: the encoded form is not of that type.
        """
        ...

    def release(self, handles: Handles) -> None:
        """Let go of values, which stay as long as somebody has a handle."""
        ...

    def close(self) -> None:
        """Wait for calls that run, or end them, and free what the executor holds."""
        ...


def one_by_one(executor: Executor, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
    """Make calls one after another, each alone, as they could not be made together."""
    outcomes: list[Outcome] = []

    def follow(ended: Sequence[Outcome]) -> None:
        outcomes.extend(ended)
        if len(outcomes) < len(calls):
            executor.submit([calls[len(outcomes)]], follow)
        else:
            done(outcomes)

    follow([])


def or_one_by_one(
    executor: Executor, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]
) -> Callable[[Sequence[Outcome] | Failure], None]:
    """Return what takes the end of calls made as one: outcomes, or a failure of all, after which they are made apart.

    Nobody wants apart what was cancelled.
    """

    def ended(outcomes: Sequence[Outcome] | Failure) -> None:
        if not isinstance(outcomes, Failure):
            done(outcomes)
        elif len(calls) == 1 or outcomes.code == "cancelled":
            done([outcomes] * len(calls))
        else:
            one_by_one(executor, calls, done)

    return ended
