"""Errors in their two forms: exceptions for Python callers, data for everyone else.

::

    GraphEngineError
    ├── WorkflowError      a document that cannot be proven; carries every Problem
    ├── PackError          a pack that cannot be loaded
    │   ├── DeclarationError   a node or type declared wrongly
    │   └── PacksChanged       what is known of the packs is not true any more: begin anew
    ├── SettingsRefused    a setting or an argument that cannot be: of a wrong form, or not on this machine
    ├── FileRefused        a file reference that names nothing, or names what it may not
    ├── NodeError          what a node raises when it cannot do what it was asked
    │   ├── ModelRefused   ... because weights cannot be loaded
    │   └── OutOfMemory    ... because a device or the host has no room
    ├── Cancelled          the one cancellation
    ├── ServiceError       what the service refuses or cannot do, with a stable code
    │   ├── NotFound       ... because there is nothing of that name
    │   ├── Conflict       ... because of what is there: an id that is taken, a state that does not allow it
    │   ├── Unacceptable   ... because what was asked for has a wrong form
    │   ├── QueueFull      ... because too much waits already; says when to come again
    │   ├── LeaseLost      ... because another attempt at the job has begun since
    │   ├── StoreRefused   ... because the database cannot be opened: corrupt, newer, or somebody else's
    │   ├── StoreUnavailable   ... because the database cannot be read or written now; nothing was written
    │   └── NotReady       ... because the packs of nodes are not loaded yet
    ├── MissingStageError  the training recipe is asked for a stage before the one it builds on
    └── EngineBug          a broken invariant of ours; carries the log that replays it

A ``Problem`` is a fault found before anything runs; a ``Failure`` is what remains of an exception
after a call. Both are plain data with a stable code, and hold nothing that a client must not see.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

ProblemCode = Literal[
    "malformed_json",
    "malformed_document",
    "unsupported_version",
    "unknown_node_type",
    "unknown_input",
    "missing_input",
    "invalid_value",
    "unknown_node",
    "unknown_output",
    "type_mismatch",
    "cycle",
    "too_large",
    "file_not_found",
    "file_refused",
    "unknown_workflow_input",
    "nothing_to_do",
    "unequal_lengths",
    "does_not_fit",
]

FailureCode = Literal[
    "node_error",
    "node_raised",
    "invalid_input",
    "wrong_output",
    "out_of_memory",
    "model_refused",
    "cancelled",
    "timed_out",
    "worker_died",
    "unequal_lengths",
    "too_large",
    "interrupted",
    "engine_failed",
]

ModelFault = Literal["pickle", "other_format", "broken", "truncated", "incomplete", "unreadable", "refused"]

ServiceCode = Literal[
    "not_found",
    "conflict",
    "unacceptable",
    "queue_full",
    "lease_lost",
    "data_folder_in_use",
    "database_corrupt",
    "database_newer",
    "database_unreadable",
    "disk_full",
    "database_locked",
    "database_failed",
    "closed",
    "loading",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault found before a run, addressed to the place that must change.

    ``node`` and ``socket`` are None where the fault is not about one; ``hint`` is a sentence that says
    what to do, or empty. ``values`` are what the message is made of, by name, for who writes it in another
    language; empty where the code alone does not say what is wrong.
    """

    code: ProblemCode
    message: str
    node: str | None = None
    socket: str | None = None
    hint: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def data(self) -> dict[str, Any]:
        """Return what JSON says of it."""
        return {**asdict(self), "values": dict(self.values)}

    @property
    def place(self) -> str:
        """``node.socket``, ``node``, or ``workflow``."""
        if self.node is None:
            return "workflow"
        return self.node if self.socket is None else f"{self.node}.{self.socket}"

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.place}: {self.message} [{self.code}]{hint}"


@dataclass(frozen=True, slots=True)
class Failure:
    """What is left of an exception of a node: safe to show, store and send.

    ``transient`` is what the node says: the same call may well succeed another time.
    """

    code: FailureCode
    message: str
    hint: str = ""
    exception: str = ""
    transient: bool = False

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.message} [{self.code}]{hint}"


class GraphEngineError(Exception):
    """The root of every exception that graphengine raises on purpose."""


class WorkflowError(GraphEngineError):
    """A document that cannot become a graph; ``problems`` holds all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PackError(GraphEngineError):
    """A pack of nodes that cannot be loaded."""


class DeclarationError(PackError):
    """A node or a socket type that is declared wrongly."""


class PacksChanged(PackError):
    """The packs are others than those that were loaded, or remembered: whoever works with them begins anew."""


class SettingsRefused(GraphEngineError):
    """A setting or an argument of a wrong form, or one that this machine cannot fulfil."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class FileRefused(GraphEngineError):
    """A file reference that names nothing, or something outside the declared roots."""

    def __init__(self, message: str, *, hint: str = "", missing: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.missing = missing


class NodeError(GraphEngineError):
    """A node cannot do what it was asked; the message is shown to the user as it is.

    Args:
        hint: what to do about it.
        transient: whether the same call may well succeed another time, as when a server did not answer.
    """

    code: FailureCode = "node_error"

    def __init__(self, message: str, *, hint: str = "", transient: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.transient = transient

    def failure(self) -> Failure:
        """Return what is left of it."""
        return Failure(self.code, str(self), self.hint, type(self).__name__, self.transient)


class ModelRefused(NodeError):
    """Weights that cannot be loaded: an unsafe format, a broken header, an unknown architecture.

    Args:
        fault: what is wrong, for programs.
    """

    code: FailureCode = "model_refused"

    def __init__(self, message: str, *, hint: str = "", transient: bool = False, fault: ModelFault = "refused") -> None:
        super().__init__(message, hint=hint, transient=transient)
        self.fault = fault


class OutOfMemory(NodeError):
    """A device or the host had no room for a call."""

    code: FailureCode = "out_of_memory"


class Cancelled(GraphEngineError):
    """The run was cancelled; raised inside a node by its context and never caught there."""


class ServiceError(GraphEngineError):
    """What the service refuses or cannot do; the message names no path and no SQL unless it says so."""

    code: ServiceCode


class NotFound(ServiceError):
    """There is nothing of the name that was given."""

    code = "not_found"


class Conflict(ServiceError):
    """What was asked for does not go with what is there."""

    code = "conflict"


class Unacceptable(ServiceError):
    """What was asked for has a wrong form, or is more than the service takes."""

    code = "unacceptable"


class QueueFull(ServiceError):
    """Too many jobs wait; come again in about ``retry_after`` seconds."""

    code = "queue_full"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LeaseLost(ServiceError):
    """The job was given to somebody else, or is over: what this attempt did no longer counts."""

    code = "lease_lost"


class StoreRefused(ServiceError):
    """The database cannot be opened, and was left as it is; the message, for the owner, names the file."""

    def __init__(self, message: str, code: ServiceCode) -> None:
        super().__init__(message)
        self.code = code


class StoreUnavailable(ServiceError):
    """The database cannot be read or written at the moment; of what was asked for, nothing was written."""

    def __init__(self, message: str, code: ServiceCode) -> None:
        super().__init__(message)
        self.code = code


class NotReady(ServiceError):
    """The packs are not loaded yet, so that nobody knows which nodes there are; come again in a moment."""

    code = "loading"


class EngineBug(GraphEngineError):
    """A broken invariant of the engine, with the stimuli that led to it, so that it can be replayed."""

    def __init__(self, message: str, stimuli: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.stimuli = tuple(stimuli)


def shown(value: Any) -> str:
    """Return a value as a message shows it: as Python writes it, but no longer than 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def shown_bytes(nbytes: int) -> str:
    """Return a size for people, in steps of 1000."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if nbytes >= scale:
            return f"{nbytes / scale:.1f} {unit}"
    return f"{nbytes} B"
