"""What a job is, what is asked for, and what may become of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple

from pydantic import JsonValue

from graphengine.errors import Conflict, Failure, Unacceptable

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Action = Literal["claim", "finish", "fail", "stop", "requeue", "cancel", "retry"]
"""What happens to a job: a worker claims it, and it finishes, fails, stops because it is told to, or goes back into
the queue; a client cancels it or wants it retried."""

JsonObject = Mapping[str, JsonValue]

TRANSITIONS: Final[Mapping[tuple[JobState, Action], JobState]] = {
    ("queued", "claim"): "running",
    ("queued", "cancel"): "cancelled",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("running", "stop"): "cancelled",
    ("running", "requeue"): "queued",
    ("failed", "retry"): "queued",
    ("cancelled", "retry"): "queued",
}
"""Every change of a job's state that there is. (Cancelling a running job changes nothing until it stops.)"""

ENDED: Final[frozenset[JobState]] = frozenset({"done", "failed", "cancelled"})
"""The states in which a job waits for nothing any more."""

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What clients may call a job. The service's own names hold a ``~`` besides, so that neither meets the other."""

MOST_PRIORITY: Final = 100
"""Priorities go from minus this to this; higher goes first."""

MOST_TITLE: Final = 500

_TAGS = 32
_TAG = 64
_OWNER = 200
_WEIGHTS = 500


def next_state(state: JobState, action: Action) -> JobState:
    """Return the state that follows.

    Raises:
        Conflict: the state does not allow the action.
    """
    found = TRANSITIONS.get((state, action))
    if found is None:
        raise Conflict(f"the job is {state}: there is nothing to {action}")
    return found


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client wants to have run; the workflow is proven already.

    Attributes:
        id: chosen by the client; the same submission under the same id is the same job.
        workflow: the document, as plain data.
        inputs: values for its named inputs.
        targets: the nodes whose results are wanted; None is what the workflow itself names.
        priority: higher goes first; -100 to 100.
        weights: names the models that the job loads; jobs of one name are run in a row where that harms nobody.
    """

    id: str
    owner: str
    workflow: JsonObject
    inputs: JsonObject = field(default_factory=dict)
    targets: tuple[str, ...] | None = None
    priority: int = 0
    title: str = ""
    tags: tuple[str, ...] = ()
    weights: str = ""

    def body(self) -> JsonObject:
        """Return what beside its workflow makes a submission this one and no other."""
        return {
            "owner": self.owner,
            "inputs": dict(self.inputs),
            "targets": None if self.targets is None else list(self.targets),
            "priority": self.priority,
            "title": self.title,
            "tags": list(self.tags),
        }

    def check(self, *, ours: bool) -> None:
        """Refuse what cannot be kept.

        Args:
            ours: whether the service itself chose the id.

        Raises:
            Unacceptable: a name is empty, too long or of a wrong form, or the priority out of range.
        """
        if not ours and not ID.fullmatch(self.id):
            raise Unacceptable(
                "an id has 1 to 100 letters, digits, '.', '_' and '-', and begins with a letter or digit"
            )
        if not -MOST_PRIORITY <= self.priority <= MOST_PRIORITY:
            raise Unacceptable(f"a priority is a number from {-MOST_PRIORITY} to {MOST_PRIORITY}")
        if not 1 <= len(self.owner) <= _OWNER or len(self.title) > MOST_TITLE or len(self.weights) > _WEIGHTS:
            raise Unacceptable(f"an owner has 1 to {_OWNER} characters, a title at most {MOST_TITLE}")
        if len(self.tags) > _TAGS or any(not 1 <= len(tag) <= _TAG for tag in self.tags):
            raise Unacceptable(f"there are at most {_TAGS} tags of 1 to {_TAG} characters")


class Lease(NamedTuple):
    """The right to run a job, for as long as no later attempt begins."""

    id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Job:
    """A run in the queue, or one that was.

    Attributes:
        seq: where its first event stands in the log; jobs are in the order of their acceptance.
        position: the smaller goes first among the queued jobs of one owner and priority.
        workflow: the digest of the document.
        batch: the batch that it is part of.
        attempt: how often it was begun; of two workers that think they run it, the lower number is wrong.
        interruptions: how often an attempt ended without a word since it was submitted or retried.
        cancelling: it runs, and is told to stop.
        result: what its run left, by name.
        lock: what made that beside the workflow, see :mod:`graphengine.plan.lock`; None until a run of it has ended.
    """

    seq: int
    id: str
    owner: str
    state: JobState
    priority: int
    position: int
    workflow: str
    inputs: JsonObject
    targets: tuple[str, ...] | None
    title: str
    tags: tuple[str, ...]
    weights: str
    batch: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    attempt: int
    interruptions: int
    cancelling: bool
    failure: Failure | None
    result: JsonObject | None
    lock: JsonObject | None = None

    @property
    def lease(self) -> Lease:
        """The attempt that was begun last."""
        return Lease(self.id, self.attempt)


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs that were submitted together: one workflow, and for each job values of its own.

    ``counts`` says how many of its jobs are in which state; those that were deleted are missing.
    """

    id: str
    owner: str
    total: int
    created: datetime
    counts: Mapping[JobState, int]

    @property
    def ended(self) -> bool:
        """Whether none of its jobs waits or runs."""
        return not any(count for state, count in self.counts.items() if state not in ENDED)
