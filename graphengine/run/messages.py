"""The three closed unions: what happened, what to do now, and what observers may know.

Events are frozen, as strangers get them. Stimuli and instructions go between the machine and its runner alone, many for
each task, and freezing would make each three times as dear; nobody changes them all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from graphengine.errors import Failure
from graphengine.files.roots import File
from graphengine.node.context import FIRST, Attempt, Preview
from graphengine.node.footprint import Footprint
from graphengine.plan.plan import Expansion, Opening, Step
from graphengine.run.handle import Handles

Status = Literal["done", "failed", "cancelled"]

# ------------------------------------------------------------------ stimuli: what happened


@dataclass(slots=True)
class Start:
    """The run begins."""


@dataclass(slots=True)
class LookedUp:
    """A lookup ended; ``handles`` is None when the result was not there."""

    task: str
    handles: Handles | None


@dataclass(slots=True)
class Granted:
    """A queued task got a slot of its lane."""

    task: str


@dataclass(slots=True)
class Returned:
    """A call ended well, after ``seconds``; ``together`` is how many calls were made as one."""

    task: str
    handles: Handles
    seconds: float
    together: int = 1
    footprint: Footprint | None = None


@dataclass(slots=True)
class Raised:
    """A call ended badly."""

    task: str
    failure: Failure


@dataclass(slots=True)
class Asked:
    """A call ended because it wants a lazy input, the result of ``need``; it will be made again."""

    task: str
    need: str


@dataclass(slots=True)
class Cancel:
    """Somebody wants the run to stop."""


@dataclass(slots=True)
class Opened:
    """A loop was opened; ``ports`` are the lists that its turns take items of."""

    task: str
    ports: Handles
    expansion: Expansion


Stimulus = Start | LookedUp | Granted | Returned | Raised | Asked | Opened | Cancel

# ------------------------------------------------------------------ instructions: what to do now


@dataclass(slots=True)
class Lookup:
    """Ask the cache for a task's result; answer with LookedUp."""

    task: str


@dataclass(slots=True)
class Queue:
    """Let a task line up for a slot of its lane, also together with others or only ``alone``; answer with Granted."""

    task: str
    alone: bool = False


@dataclass(slots=True)
class Withdraw:
    """Take a queued task out of the line, or if it has a slot, give that back; a Granted on its way counts nothing."""

    task: str


@dataclass(slots=True)
class Execute:
    """Call a task's node with these linked inputs; when it has left its lane, answer with Returned, Raised or Asked.

    ``flows`` are the linked inputs of each of the task's flows.
    """

    task: str
    inputs: Handles
    attempt: Attempt = FIRST
    flows: tuple[Handles, ...] = ()


@dataclass(slots=True)
class Open:
    """Find out what turns a loop has, now that ``inputs`` are there; answer with Opened or Raised.

    Attributes:
        inputs: the lists, by port, or in a while-loop its condition.
        opened: what the openings that it awaits have opened.
    """

    opening: Opening
    inputs: Handles
    opened: Mapping[str, Expansion]


@dataclass(slots=True)
class Store:
    """Offer a result to the cache."""

    task: str
    handles: Handles
    seconds: float


@dataclass(slots=True)
class Forgo:
    """Tell the cache that a result it did not have will not be computed here after all."""

    task: str


@dataclass(slots=True)
class Release:
    """Let go of values that nobody in this run needs any more."""

    handles: Handles


@dataclass(slots=True)
class Interrupt:
    """Ask every running call to stop; each still answers."""


Instruction = Lookup | Queue | Withdraw | Execute | Open | Store | Forgo | Release | Interrupt

# ------------------------------------------------------------------ events: what observers may know


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run began; ``tasks`` is how many it may take at most."""

    tasks: int


@dataclass(frozen=True, slots=True)
class TaskCached:
    """A task's result was in the cache."""

    task: str


@dataclass(frozen=True, slots=True)
class TaskExpanded:
    """A loop has this many turns, as far as is known; ``steps`` are new, their names begin with ``task[turn]``."""

    task: str
    turns: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task's node was called."""

    task: str


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """``step`` of ``total`` steps of a call are done."""

    task: str
    step: int
    total: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class TaskPreview:
    """A picture of a call's work in progress."""

    task: str
    preview: Preview


@dataclass(frozen=True, slots=True)
class TaskSpan:
    """A named part of a call is over; it began at ``began`` of its machine's ``time.perf_counter``."""

    task: str
    name: str
    began: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TaskOutput:
    """A call wrote a result file, after as many others as ``index`` says."""

    task: str
    file: File
    media_type: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A task's node returned after ``seconds``, with results of about ``nbytes`` bytes.

    If some calls were made ``together`` as one, ``seconds`` are this one's share. ``footprint`` is what the call took
    of the memory, where that could be told.
    """

    task: str
    seconds: float
    nbytes: int
    together: int = 1
    footprint: Footprint | None = None


@dataclass(frozen=True, slots=True)
class TaskRetried:
    """A task's node failed and is called again: ``attempt`` counts from 1, ``smaller`` is as in Attempt."""

    task: str
    failure: Failure
    attempt: int
    smaller: int


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """A task's node failed."""

    task: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class TaskSkipped:
    """A task cannot run because ``cause`` failed."""

    task: str
    cause: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over, and nothing of it is left running."""

    status: Status


Event = (
    RunStarted
    | TaskCached
    | TaskExpanded
    | TaskStarted
    | TaskProgress
    | TaskPreview
    | TaskSpan
    | TaskOutput
    | TaskFinished
    | TaskRetried
    | TaskFailed
    | TaskSkipped
    | RunFinished
)
