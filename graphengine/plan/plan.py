"""A plan: the tasks that the wanted targets need, frozen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from graphengine.node.spec import LANES, Lane, NodeSpec
from graphengine.types.socket_type import TypeRef
from graphengine.workflow.document import Socket
from graphengine.workflow.graph import GraphLoop, Link, has_sink


@dataclass(frozen=True, slots=True)
class Flow:
    """A node whose results come item by item, within the call of whoever takes them.

    Attributes:
        each: the inputs to which items come one after another: the node is called for each.
    """

    name: str
    spec: NodeSpec
    constants: Mapping[str, Any]
    links: Mapping[str, Link]
    each: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One node to compute.

    Attributes:
        name: the node's name in the workflow; within a loop with the turn, ``loop[3]/node``.
        fingerprint: the content address of its result.
        needs: the tasks whose results it may take, each once.
        awaits: those of them that must be there before it is called; the others are lazy.
        consumers: the tasks that take its result, each once.
        rank: the length of the longest way from here to an end; what has more behind it goes first.
        flows: the nodes whose items it takes, each after those whose items it takes itself; none has a task of its own.
        collects: the task is the last of its flows, asked for as a whole: lists of all items are its result.
        environment: what the results of its node's pack depend on beside inputs.
        weights: the content addresses of the weights that are linked to it.
        batch_key: what it has in common with the tasks with which it can be one call; None if it is to be alone.
    """

    name: str
    spec: NodeSpec
    fingerprint: str
    constants: Mapping[str, Any]
    links: Mapping[str, Link]
    needs: tuple[str, ...]
    awaits: tuple[str, ...]
    consumers: tuple[str, ...]
    rank: float
    flows: tuple[Flow, ...] = ()
    collects: bool = False
    environment: str = ""
    weights: frozenset[str] = frozenset()
    batch_key: str | None = None

    @property
    def cacheable(self) -> bool:
        """Whether a stored result may stand for a call."""
        return not self.spec.sink and not (self.flows and any(flow.spec.sink for flow in self.flows))

    @property
    def lane(self) -> Lane:
        """The resource that a call occupies: the scarcest that anything in it wants."""
        return scarcest(self.spec, self.flows) if self.flows else self.spec.lane


class HasSpec(Protocol):
    """Anything that is made of a node."""

    @property
    def spec(self) -> NodeSpec:
        """The node."""


def scarcest(spec: NodeSpec, flows: Iterable[HasSpec]) -> Lane:
    """Return the lane of a call of ``spec`` with the calls that happen within it."""
    lanes = {spec.lane, *(flow.spec.lane for flow in flows)}
    return next(lane for lane in LANES if lane in lanes)


@dataclass(frozen=True, slots=True)
class Bound:
    """Where one value of a loop comes from, and its content address."""

    link: Link
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The place where a loop is opened, or goes on: only here it is known which tasks it has.

    Attributes:
        name: ``loop[]``, or after a turn of a while-loop ``loop[3]?``.
        ports: what comes in from outside, whole.
        items: the items of the lists among it that constants tell, and ``lengths`` how many they are.
        opened: the openings of the loops whose turns the turns of this one take from, by port.
        turn: how many turns there were, and ``before`` what the last of them gave.
        environments: what results depend on beside inputs, by node id.
        weights: the types of weights, by name.
        coalesce: whether calls that fit each other may be made as one.
        awaits: what must be there for the number of turns to be known.
        needs: all that the turns may take from: it is kept until they are known.
    """

    name: str
    loop: GraphLoop
    ports: Mapping[str, Bound]
    items: Mapping[str, tuple[Any, ...]]
    lengths: Mapping[str, int]
    opened: Mapping[str, str]
    turn: int
    before: Mapping[str, Bound]
    environments: Mapping[str, str]
    weights: Collection[str]
    coalesce: bool
    needs: tuple[str, ...]
    awaits: tuple[str, ...]
    consumers: tuple[str, ...]
    rank: float
    cacheable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Gathering:
    """The outcome of a loop as the nodes outside see it: put together when all turns are done, and never called.

    Attributes:
        name: that of the loop.
        types: what comes out, as far as somebody wants it.
        opening: where the loop begins.
    """

    name: str
    types: Mapping[str, TypeRef]
    opening: str
    fingerprint: str
    needs: tuple[str, ...]
    awaits: tuple[str, ...]
    consumers: tuple[str, ...]
    rank: float
    cacheable: ClassVar[bool] = False


Step = Task | Opening | Gathering
"""What a plan is made of."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What an opening opens.

    Attributes:
        steps: the new steps, each after those that it needs.
        results: where each output comes from: in a for-each loop one place per turn, in a while-loop that is over one
            place; nothing while it goes on.
        then: the opening after this turn, if the loop goes on.
        effects: the sinks among the new steps.
        base: the rank of what the turns began with, and ``depth`` how many loops before took the same turns.
        listed: whether the results become lists.
    """

    steps: tuple[Step, ...]
    results: Mapping[str, tuple[Bound, ...]]
    then: str | None
    effects: tuple[str, ...]
    turns: int
    base: float
    depth: int
    listed: bool

    def ends(self, outputs: Iterable[str]) -> tuple[str, ...]:
        """Return the steps that must be done for these outputs to be there, and all effects: each once."""
        results = (each.link.source.node for output in outputs for each in self.results[output])
        return tuple(dict.fromkeys((*results, *self.effects)))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute.

    Attributes:
        tasks: every step by name, each after those that it needs; loops are not opened yet.
        targets: the steps asked for.
        outputs: the values that the caller gets, and ``types`` of what types they are.
    """

    tasks: Mapping[str, Step]
    targets: tuple[str, ...]
    outputs: Mapping[str, Socket]
    types: Mapping[str, TypeRef] = field(default_factory=dict)

    @property
    def has_sinks(self) -> bool:
        """Whether anything that it computes has an effect outside."""
        loops = [step.loop for step in self.tasks.values() if isinstance(step, Opening)]
        return not all(task.cacheable for task in self.calls.values()) or any(map(has_sink, loops))

    @property
    def calls(self) -> Mapping[str, Task]:
        """The tasks that are known before the run, by name."""
        return {name: step for name, step in self.tasks.items() if isinstance(step, Task)}
