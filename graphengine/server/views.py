"""What the service shows of jobs, and of why it does not do something; the same on every wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from graphengine.errors import FailureCode, ModelFault, ProblemCode, ServiceCode
from graphengine.models.nature import Role

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
    """A job as clients see it; ``seq`` is the number of its first entry in the log, ``workflow`` a digest.

    ``lock`` says what made its results beside the workflow: hashes of models and inputs, versions of nodes and
    libraries, the device. It is null until a run of the job has ended.
    """

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
    lock: dict[str, JsonValue] | None = None

    @property
    def over(self) -> bool:
        """Whether the job neither waits nor runs."""
        return self.state in ("done", "failed", "cancelled")


class ModelFaultView(Told):
    """Why a model cannot be loaded."""

    code: ModelFault
    message: str
    hint: str = ""


class ModelView(Told):
    """A model, by the ``name`` that a workflow gives for it, as far as its headers tell.

    ``kind`` is the format of a file, or the pipeline's class of a folder; ``role`` is what it is for, a ``model`` is
    whole. ``family`` and ``variant`` name the architecture, or that of the model which it changes, and ``title`` both
    for people; all are empty where that is not known. ``loads`` says whether this program can load it as a model.
    ``numbers`` is how many numbers it holds, and ``formats`` how many of them in each number format. ``digest`` is the
    hash of its content, if somebody has computed it; ``preview`` is where a picture of its maker's is.
    """

    name: str
    id: str
    kind: str
    bytes: int
    changed: datetime
    role: Role
    family: str
    variant: str
    title: str
    loads: bool
    numbers: int
    formats: dict[str, int]
    digest: str | None
    preview: str | None
    problem: ModelFaultView | None


class ModelsView(Told):
    """Models, in the order of their names; ``after`` asks for those that come next, and is null at the end."""

    models: list[ModelView]
    after: str | None = None


class NeedsView(Told):
    """What a call will take of the memory, in bytes, judging by headers and earlier calls; null is not known.

    ``weights`` are those of the models that it uses, ``working`` comes beside them on a device with memory of its own,
    ``host`` in the host's memory; ``result`` is about what it returns.
    """

    weights: int | None
    working: int | None
    host: int | None
    result: int | None


class MachineView(Told):
    """The memory that there is, in bytes; null is not known.

    ``device_bytes`` is 0 where models compute in the host's memory; ``model_bytes`` is what the owner gives to weights.
    """

    device: str | None
    device_bytes: int | None
    host_bytes: int | None
    model_bytes: int | None


class MemoryView(Told):
    """What the calls of a plan take at most at a time, and whether that is there.

    ``fits`` is ``yes`` where nothing that is known says no, ``over_budget`` where models are larger than the owner
    wants them, and ``unlikely`` where calls took more before than there is. What cannot fit at all is a problem.
    """

    fits: Literal["yes", "over_budget", "unlikely"]
    weights: int
    device: int
    host: int
    results: int
    there: MachineView
