"""What goes in and what comes out: strict models, from which the OpenAPI document is made."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, RootModel, StringConstraints

from graphengine.errors import ProblemCode
from graphengine.plan.reasons import ReasonCode
from graphengine.server.fields import WHOLE, Document, Id, Inputs, Moment, Name, Part, Priority, Tags, Targets, Title
from graphengine.server.shown import job_view
from graphengine.server.timed import ScheduleView
from graphengine.server.views import JobView, MemoryView, NeedsView
from graphengine.server.webhooks import DeliveryState, DeliveryView, WebhookView
from graphengine.service.job import Batch, Job
from graphengine.workflow.files import NoticeCode


class Answer(BaseModel):
    """What clients get."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(Part):
    """An empty object."""


class Login(Part):
    """Who somebody is: the secret of a token."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


# ------------------------------------------------------------------ jobs


class SpreadBody(Part):
    """Several values for some inputs: ``zip`` takes the first of each, then the second; ``product`` all pairs."""

    mode: Literal["zip", "product"]
    values: Annotated[dict[str, list[JsonValue]], Field(min_length=1, max_length=100)]


class Submit(Part):
    """A workflow to run: a document, or the name of a saved one."""

    workflow: Document | Name
    inputs: Inputs = Field(default_factory=dict)
    id: Id | None = None
    priority: Priority = 0
    targets: Targets | None = None
    title: Title = ""
    tags: Tags = Field(default_factory=list)
    batch: SpreadBody | None = None


class Move(Part):
    """Where a waiting job goes: before another one, to the front, or to another priority; exactly one is given."""

    before: str | None = None
    front: Literal[True] | None = None
    priority: Priority | None = None


class BatchOut(Answer):
    """A batch; its jobs are called ``<its id>~<number>``."""

    id: str
    owner: str
    total: int
    created: datetime
    counts: dict[str, int]
    ended: bool

    @classmethod
    def of(cls, batch: Batch) -> "BatchOut":
        """Return a batch as clients see it."""
        return cls.model_construct(**{name: getattr(batch, name) for name in cls.model_fields})


class JobsOut(Answer):
    """A page of jobs; ``cursor`` asks for the next."""

    jobs: list[JobView]
    cursor: str | None = None

    @classmethod
    def of(cls, jobs: Iterable[Job], cursor: str | None = None) -> "JobsOut":
        """Return jobs as clients see them."""
        return cls.model_construct(jobs=[job_view(job) for job in jobs], cursor=cursor)


class JobsQuery(Part):
    """Which jobs are wanted; ``state`` may name several with commas between."""

    model_config = ConfigDict(strict=False, extra="forbid", frozen=True)

    state: Annotated[str, StringConstraints(pattern=r"^[a-z]+(,[a-z]+)*$", max_length=100)] | None = None
    owner: Annotated[str, StringConstraints(max_length=200)] | None = None
    batch: Annotated[str, StringConstraints(max_length=200)] | None = None
    text: Annotated[str, StringConstraints(max_length=200)] | None = None
    after: Moment | None = None
    before: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 100
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    order: Literal["newest", "oldest"] = "newest"


class QueueOut(Answer):
    """The queue as a whole."""

    paused: bool
    counts: dict[str, int]
    running: int


class LimitQuery(Part):
    """How many are wanted, and after which name."""

    model_config = ConfigDict(strict=False, extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 100
    after: Annotated[str, StringConstraints(max_length=200)] = ""


class ModelsQuery(Part):
    """How many models are wanted, and after which name."""

    model_config = ConfigDict(strict=False, extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 1_000
    after: Annotated[str, StringConstraints(max_length=4_096)] = ""


# ------------------------------------------------------------------ schedules


class SchedulesOut(Answer):
    """Schedules by id; go on after the last."""

    schedules: list[ScheduleView]


class SchedulesQuery(LimitQuery):
    """How many schedules are wanted, after which id, and whose."""

    owner: Annotated[str, StringConstraints(max_length=200)] | None = None


class FireBody(Part):
    """Inputs that go over the schedule's own; the same under the same ``key`` is the same job."""

    inputs: Inputs = Field(default_factory=dict)
    key: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class HookBody(RootModel[JsonValue]):
    """What another program has to say: any JSON."""


class HookOut(Answer):
    """The job that a request has made, or made the first time that it came."""

    job: str
    created: bool


# ------------------------------------------------------------------ webhooks


class WebhooksOut(Answer):
    """Webhooks by id."""

    webhooks: list[WebhookView]


class DeliveriesOut(Answer):
    """Deliveries, the newest first; go on after the last."""

    deliveries: list[DeliveryView]


class DeliveriesQuery(LimitQuery):
    """How many deliveries are wanted, after which id, and in which state."""

    state: DeliveryState | None = None


# ------------------------------------------------------------------ workflows


class PlanBody(Part):
    """A workflow to look at without running it."""

    workflow: Document | Name
    inputs: Inputs = Field(default_factory=dict)
    targets: Targets | None = None


class ProblemOut(Answer):
    """One thing that is wrong with a workflow, and where; ``values`` are what the message is made of, by name."""

    code: ProblemCode
    message: str
    node: str | None = None
    socket: str | None = None
    place: str
    hint: str = ""
    values: dict[str, str] = Field(default_factory=dict)


class NoticeOut(Answer):
    """What to know of a model: it was found under another name, or has another content than the workflow says.

    ``values`` are what the message is made of, by name.
    """

    code: NoticeCode
    message: str
    node: str
    socket: str
    values: dict[str, str] = Field(default_factory=dict)


class ReasonOut(Answer):
    """Why a node runs, or does not: which of its inputs, and which other node, it is about."""

    code: ReasonCode
    message: str
    input: str | None = None
    node: str | None = None


class TaskOut(Answer):
    """What a run would do with a node; ``memory`` is null where none is called."""

    type: str
    verdict: Literal["runs", "may_run", "cached", "not_needed"]
    seconds: float | None
    memory: NeedsView | None
    reasons: list[ReasonOut]


class PlanOut(Answer):
    """All that is wrong with a workflow; or, if nothing is, what a run would do with each node, and what to know."""

    valid: bool
    problems: list[ProblemOut] = Field(default_factory=list)
    notices: list[NoticeOut] = Field(default_factory=list)
    tasks: dict[str, TaskOut] = Field(default_factory=dict)
    seconds: float = 0.0
    weights: str = ""
    memory: MemoryView | None = None


class SaveBody(Part):
    """A document to save; ``expected`` is the version that it was made from, 0 for a new name."""

    workflow: dict[str, JsonValue]
    note: Annotated[str, StringConstraints(max_length=10_000)] = ""
    expected: Annotated[int, Field(ge=0), WHOLE] | None = None


class VersionOut(Answer):
    """A saved version."""

    name: str
    version: int
    workflow: str
    title: str
    owner: str
    note: str
    created: datetime


class DocumentOut(VersionOut):
    """A saved version, with its document."""

    document: dict[str, Any]


class SavedOut(Answer):
    """A name of the library."""

    newest: VersionOut
    created: datetime
    has_thumbnail: bool


class SavedListOut(Answer):
    """Names of the library, in order; go on after the last."""

    workflows: list[SavedOut]


class VersionsOut(Answer):
    """The versions of a name, the newest first."""

    versions: list[VersionOut]


class VersionQuery(Part):
    """Which version is wanted; by default the newest."""

    model_config = ConfigDict(strict=False, extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1, le=2**31), WHOLE] | None = None


# ------------------------------------------------------------------ the rest


class PruneBody(Part):
    """What is to go of what nobody names.

    That is what has been unnamed for ``age`` seconds, and of the rest the oldest beyond so many ``bytes``; by default
    as the settings say. With ``dry`` nothing goes.
    """

    age: Annotated[float, Field(ge=0)] | None = None
    bytes: Annotated[int, Field(ge=0), WHOLE] | None = None
    dry: bool = False


class PrunedOut(Answer):
    """What went, or would have: assets, and output folders of jobs; and what stays, unnamed and named."""

    removed: int
    removed_bytes: int
    unnamed: int
    unnamed_bytes: int
    named: int
    named_bytes: int


class AssetOut(Answer):
    """A file that is there."""

    digest: str
    bytes: int
    reference: str


class CacheOut(Answer):
    """What the results on disk take."""

    entries: int
    bytes: int
    budget: int


class ObjectOut(Answer):
    """Any object."""

    model_config = ConfigDict(frozen=True, extra="allow")


class HealthOut(Answer):
    """Whether the service lives."""

    status: Literal["ok"] = "ok"


class ReadyOut(Answer):
    """Whether the service can do its work, and why not."""

    ready: bool
    reasons: list[str] = Field(default_factory=list)


class FaultOut(Answer):
    """One thing that is wrong with a request."""

    place: str
    message: str


class ProblemDocument(Answer):
    """What went wrong (RFC 9457); ``code`` is stable."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    faults: list[FaultOut] = Field(default_factory=list)
    problems: list[dict[str, Any]] = Field(default_factory=list)
