"""Which calls that failed are made again."""

from graphengine.errors import Failure, FailureCode
from graphengine.node.context import Attempt
from graphengine.node.spec import NodeSpec

BY_CHANCE: frozenset[FailureCode] = frozenset(("node_raised", "worker_died", "timed_out"))
"""What may not happen another time. The other codes say something of the inputs, the models or the pack, which would be
the same again, or that nobody wants the call any more. An error of a node may say by itself that it is transient."""


def next_attempt(spec: NodeSpec, attempt: Attempt, failure: Failure) -> Attempt | None:
    """Return the attempt that follows one that failed, or None if its node has had all that it asks for.

    A lack of memory is answered by shrinking and by nothing else; the rest counts as retries. A node that keeps
    checkpoints gets another worker also if it asks for none: its next call goes on where that one died.
    """
    number = attempt.number + 1
    if failure.code == "out_of_memory":
        return Attempt(number, attempt.smaller + 1) if attempt.smaller < spec.shrinks else None
    again = failure.transient or failure.code in BY_CHANCE
    retries = max(spec.retries, 1) if spec.checkpoints and failure.code == "worker_died" else spec.retries
    return Attempt(number, attempt.smaller) if again and attempt.number - attempt.smaller < retries else None
