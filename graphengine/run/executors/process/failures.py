"""What a call fails with when it is not the node that says so."""

import signal

from graphengine.errors import Failure
from graphengine.node.spec import NodeSpec

CANCELLED = Failure("cancelled", "the run was cancelled")
CLOSED = Failure("cancelled", "the engine was closed")
STUCK = Failure("worker_died", "the worker process takes no calls; it was replaced")
UNINTELLIGIBLE = Failure("worker_died", "the worker process said what cannot be understood; it was replaced")

_CRASH_HINT = "Native code of the node, or of a library that it uses, is at fault; the worker was replaced."
_KILL_HINT = "Somebody killed it: often the system, for want of memory. The worker was replaced."


def unfit(spec: NodeSpec, error: Exception) -> Failure:
    """Return what befalls a call that cannot be sent."""
    return Failure("invalid_input", f"an input of {spec.id!r} cannot travel: {error}")


def late(seconds: float) -> Failure:
    """Return what befalls a call that takes longer than its node may."""
    hint = "Its worker was ended and replaced; give the node more time if it needs it."
    return Failure("timed_out", f"the call took more than {seconds:g} s", hint)


def deaf(seconds: float) -> Failure:
    """Return what befalls a cancelled call that goes on."""
    return Failure("cancelled", f"the call did not stop within {seconds:g} s, and its worker was ended")


def not_started(reason: str) -> Failure:
    """Return what befalls a call whose worker did not come."""
    return Failure("worker_died", f"a worker process could not start: {reason}")


def died(code: int | None) -> Failure:
    """Return what befell a call whose worker ended with an exit code, or the negative number of a signal."""
    if code is None:
        return Failure("worker_died", "the node cut its worker process off", _CRASH_HINT)
    if code >= 0:
        return Failure("worker_died", f"the node ended its worker process with exit code {code}", _CRASH_HINT)
    hint = _KILL_HINT if code == -signal.SIGKILL else _CRASH_HINT
    return Failure("worker_died", f"the worker process died of {signal.Signals(-code).name}", hint)
