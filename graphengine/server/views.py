"""What the service shows of jobs, and of why it does not do something; the same on every wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from graphengine.errors import FailureCode, ProblemCode, ServiceCode

RefusalCode = ServiceCode | Literal["malformed_message", "invalid_workflow", "forbidden", "too_many_requests"]
State = Literal["queued", "running", "done", "failed", "cancelled"]


class Told(BaseModel):
    """What the service says; fields that a client does not know are of a newer service."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Fault(Told):
    """A fault of a workflow, addressed to node and socket."""

    code: ProblemCode
    message: str
    node: str | None = None
    socket: str | None = None
    hint: str = ""


class Refusal(Told):
    """Why a request was not fulfilled; nothing was done. ``retry_after`` is in seconds."""

    code: RefusalCode
    message: str
    retry_after: int | None = None
    problems: list[Fault] = []


class JobFailure(Told):
    """Why a job failed."""

    code: FailureCode
    message: str
    hint: str = ""
    exception: str = ""
    transient: bool = False


class JobView(Told):
    """A job as clients see it; ``seq`` is the number of its first entry in the log, ``workflow`` a digest."""

    id: str
    seq: int
    owner: str
    state: State
    priority: int
    workflow: str
    inputs: dict[str, JsonValue]
    targets: list[str] | None
    title: str
    tags: list[str]
    batch: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    attempt: int
    cancelling: bool
    failure: JobFailure | None
    result: dict[str, JsonValue] | None

    @property
    def over(self) -> bool:
        """Whether the job neither waits nor runs."""
        return self.state in ("done", "failed", "cancelled")
