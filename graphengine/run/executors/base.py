"""The seam between the engine and the places where node functions run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graphengine.errors import Failure
from graphengine.node.context import FIRST, Attempt
from graphengine.node.spec import NodeSpec
from graphengine.run.context import TaskContext
from graphengine.run.handle import Handle, Handles
from graphengine.types.assign import Conversion
from graphengine.types.codec import Encoded
from graphengine.types.socket_type import TypeRef


@dataclass(slots=True)
class Call:
    """A node function to be called.

    Attributes:
        constants: checked plain values, by input.
        linked: handles of this executor, by input, each with its conversion in ``conversions``.
    """

    spec: NodeSpec
    constants: Mapping[str, Any]
    linked: Handles
    conversions: Mapping[str, Conversion]
    context: TaskContext
    attempt: Attempt = FIRST


@dataclass(slots=True)
class Success:
    """A call returned, after ``seconds``: its share, if it was made ``together`` with others as one call."""

    handles: Handles
    seconds: float
    together: int = 1


@dataclass(frozen=True, slots=True)
class Wants:
    """A call ended because it wants the lazy input ``name``, which it was not given."""

    name: str


Outcome = Success | Failure | Wants


class Executor(Protocol):
    """Calls node functions and holds what they return."""

    def submit(self, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
        """Start a call, or several of one node that can be made together.

        ``done`` is called exactly once with an outcome for each, from any thread. It never raises for what a node
        does; it may call ``done`` before it returns. Calls that fail together are made one by one.
        """
        ...

    def value(self, handles: Handles) -> Mapping[str, Any]:
        """Return the values behind handles of this executor."""
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
        """Let go of values."""
        ...

    def close(self) -> None:
        """Wait for calls that run, or end them, and free what the executor holds."""
        ...


def one_by_one(executor: Executor, calls: Sequence[Call], done: Callable[[Sequence[Outcome]], None]) -> None:
    """Make calls one after another, each alone; for an executor that cannot make them together, or could not."""
    outcomes: list[Outcome] = []

    def follow(ended: Sequence[Outcome]) -> None:
        outcomes.extend(ended)
        if len(outcomes) < len(calls):
            executor.submit([calls[len(outcomes)]], follow)
        else:
            done(outcomes)

    follow([])
