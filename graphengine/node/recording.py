"""Recording: inside a block that builds a workflow, the call of a node function makes a node instead of a result."""

from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import Any, Protocol

from graphengine.node.spec import NodeSpec


class Recorder(Protocol):
    """Takes the calls of node functions where a workflow is built."""

    def record(self, spec: NodeSpec, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Take a call, and return what stands for its result."""
        ...


# The one thing here that is not handed from caller to callee: a node function is called as it is written, without
# an argument that says where. A context variable holds for the block alone, in its own thread and its own task.
_RECORDER: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


def recorder() -> Recorder | None:
    """Return who takes the calls of node functions here; None if they are simply made."""
    return _RECORDER.get()


def start_recording(recorder: Recorder) -> Token[Recorder | None]:
    """Let ``recorder`` take the calls of this thread or task, until :func:`stop_recording` takes the token."""
    return _RECORDER.set(recorder)


def stop_recording(token: Token[Recorder | None]) -> None:
    """Go back to what was before the token was given."""
    _RECORDER.reset(token)
