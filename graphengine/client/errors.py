"""What a client raises, beside what it hands on."""

from collections.abc import Sequence

from graphengine.errors import GraphEngineError
from graphengine.server.views import Fault, JobView, Refusal


class Refused(GraphEngineError):
    """The service does not do what was asked, and nothing was done.

    Attributes:
        code: a stable name of the reason.
        problems: where a workflow is wrong, everything that is wrong with it.
        retry_after: the seconds after which it may be different, where that is known.
        repeated: the request was sent twice, as a connection broke; it may have been done the first time.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(
            "\n".join([refusal.message, *[f"{each.node or 'workflow'}: {each.message}" for each in refusal.problems]])
        )
        self.code: str = refusal.code
        self.problems: Sequence[Fault] = refusal.problems
        self.retry_after = refusal.retry_after
        self.repeated = False


class Disconnected(GraphEngineError):
    """The service could not be reached for as long as the client is patient, or does not let it in."""


class JobEnded(GraphEngineError):
    """A job has no result: it failed, or was cancelled; ``job`` says which and why."""

    def __init__(self, job: JobView) -> None:
        why = f": {job.failure.message}" if job.failure else ""
        super().__init__(f"the job {job.id} is {job.state}{why}")
        self.job = job
