"""What clients and the service say to each other on a websocket: two closed unions, each type with an example.

A client asks: every request has an ``id`` of the client's choosing, and gets exactly one ``reply`` with it. The
service tells: ``event`` is an entry of the log and has its number; ``progress`` and ``preview`` are not kept, have
no number, and each replaces the one before it.

The order that a client may rely on: ``hello`` comes first. The reply to ``subscribe`` comes before what was
subscribed to; after it comes every entry after ``since``, in order. Where subscriptions overlap, catching up with a
new one repeats entries that an older one had, so whoever holds several looks at the numbers. Where entries are
missing (they are forgotten, the numbers are of another log, or the client was too far behind) one ``resync`` says
how the jobs stand, and from which number it goes on.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from graphengine.server.asked import Asked, Id, JobId, Number, example
from graphengine.server.fields import WHOLE, Priority
from graphengine.server.orders import Order
from graphengine.server.views import JobView, Refusal, State, Told

JSON: Final = "graphengine.v1.json"
MSGPACK: Final = "graphengine.v1.msgpack"
PROTOCOLS: Final = (MSGPACK, JSON)

MOST_JOBS: Final = 1_000
"""How many jobs a list or a ``resync`` holds."""


# ------------------------------------------------------------------ parts


class Batch(BaseModel):
    """Several values for some inputs, a job for each combination: ``zip`` pairs them, ``product`` takes all pairs."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    mode: Literal["zip", "product"]
    values: dict[str, list[JsonValue]]


# ------------------------------------------------------------------ what a client asks


class Submit(Asked):
    """Queue a job, or with ``batch`` many; the reply comes after the commit.

    The same submission under the same ``job`` is the same job, so it may be sent again. The workflow is a document,
    or the name of a ``saved`` one (its newest version unless ``version`` says which).
    """

    model_config = example(
        type="submit",
        id="1",
        job="circle-1",
        workflow={"format": "graphengine.workflow", "version": 1, "nodes": {}},
        inputs={"prompt": "a red circle"},
    )

    type: Literal["submit"]
    job: Id | None = None
    workflow: dict[str, JsonValue] | None = None
    saved: str | None = None
    version: Annotated[int, WHOLE] | None = None
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    targets: list[str] | None = None
    priority: Priority = 0
    title: str = ""
    tags: list[str] = Field(default_factory=list)
    batch: Batch | None = None

    @model_validator(mode="after")
    def _one_workflow(self) -> "Submit":
        if (self.workflow is None) == (self.saved is None):
            raise ValueError("a submission has either a workflow or the name of a saved one")
        return self


class Cancel(Asked):
    """Cancel a job that waits, or tell one that runs to stop."""

    model_config = example(type="cancel", id="2", job="circle-1")

    type: Literal["cancel"]
    job: JobId


class Retry(Asked):
    """Queue a job again that failed or was cancelled."""

    model_config = example(type="retry", id="3", job="circle-1")

    type: Literal["retry"]
    job: JobId


class Move(Asked):
    """Let a waiting job go right before another, or without ``before`` be the next of its owner and priority."""

    model_config = example(type="move", id="4", job="circle-2", before="circle-1")

    type: Literal["move"]
    job: JobId
    before: JobId | None = None


class Pause(Asked):
    """Let no job begin, or with ``paused`` false let them begin again."""

    model_config = example(type="pause", id="5", paused=True)

    type: Literal["pause"]
    paused: bool = True


class Get(Asked):
    """Ask for a job."""

    model_config = example(type="get", id="6", job="circle-1")

    type: Literal["get"]
    job: JobId


class List(Asked):
    """Ask for jobs; go on with the ``cursor`` of the reply."""

    model_config = example(type="list", id="7", states=["queued", "running"], own=True, limit=50)

    type: Literal["list"]
    states: list[State] | None = None
    own: bool = False
    batch: str | None = None
    text: str | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_JOBS), WHOLE] = 100
    cursor: str | None = None
    order: Literal["newest", "oldest"] = "newest"


class Models(Asked):
    """Ask for the models that a workflow can name; go on with the ``after`` of the reply."""

    model_config = example(type="models", id="11", limit=100)

    type: Literal["models"]
    limit: Annotated[int, Field(ge=1, le=MOST_JOBS)] = 100
    after: Annotated[str, Field(max_length=4_096)] = ""


class Subscribe(Asked):
    """Ask for the events of one job (or batch), of one's own jobs, or of all, under this request's ``id``.

    ``since`` is the last number that the client has, of the log that ``epoch`` names; without it, events begin now.
    """

    model_config = example(type="subscribe", id="8", to="job", job="circle-1", since=17, epoch="6f1c2b9a0d3e4f58")

    type: Literal["subscribe"]
    to: Literal["job", "own", "all"] = "own"
    job: JobId | None = None
    since: Number | None = None
    epoch: Id | None = None
    live: bool = True

    @model_validator(mode="after")
    def _job_named(self) -> "Subscribe":
        if (self.to == "job") != (self.job is not None):
            raise ValueError("a job is named where, and only where, its events are asked for")
        return self


class Unsubscribe(Asked):
    """End a subscription by the ``id`` of the request that began it."""

    model_config = example(type="unsubscribe", id="9", subscription="8")

    type: Literal["unsubscribe"]
    subscription: Id


class Ping(Asked):
    """Ask whether anybody is there."""

    model_config = example(type="ping", id="10")

    type: Literal["ping"]


Request = Submit | Cancel | Retry | Move | Pause | Get | List | Models | Subscribe | Unsubscribe | Ping | Order
Command = Submit | Cancel | Retry | Move | Pause | Get | List | Models | Order
"""The requests that concern the service, not the connection."""


# ------------------------------------------------------------------ what the service tells


class Hello(Told):
    """The first message: which log this is, its newest number, as whom the client is known, and the version."""

    model_config = example(type="hello", epoch="6f1c2b9a0d3e4f58", seq=17, owner="ann", version="0.1.0")

    type: Literal["hello"] = "hello"
    epoch: str
    seq: int
    owner: str
    version: str


class Reply(Told):
    """The answer to a request: ``result``, or the ``problem`` why there is none.

    ``id`` is None where the request was too broken to have one. The result of ``submit``, ``cancel``, ``retry``,
    ``move`` and ``get`` has a ``job``; that of a batch a ``batch`` and a ``total``; that of ``list`` has ``jobs``
    and a ``cursor``; that of ``models`` has ``models`` and ``after``; that of ``subscribe`` the ``seq`` and ``epoch``
    from which it begins. What is asked about a schedule, a webhook or a delivery has one or several, under that name;
    ``fire_schedule`` has a ``job``.
    """

    model_config = example(
        type="reply", id="6", problem={"code": "not_found", "message": "there is no job circle-1", "problems": []}
    )

    type: Literal["reply"] = "reply"
    id: str | None
    result: dict[str, Any] | None = None
    problem: Refusal | None = None


class Event(Told):
    """An entry of the log: something happened to a job, or with ``job`` empty to the queue."""

    model_config = example(
        type="event",
        seq=18,
        epoch="6f1c2b9a0d3e4f58",
        job="circle-1",
        owner="ann",
        kind="started",
        time="2026-11-23T09:00:00Z",
        data={"attempt": 1},
    )

    type: Literal["event"] = "event"
    seq: int
    epoch: str
    job: str
    owner: str
    kind: str
    time: datetime
    data: dict[str, JsonValue]


class Step(Told):
    """How far a call is: ``step`` of ``total``."""

    step: int
    total: int
    message: str = ""


class Progress(Told):
    """How far the running tasks of a job are, each by its name; at most 20 a second for each job."""

    model_config = example(type="progress", job="circle-1", owner="ann", tasks={"sample": {"step": 3, "total": 20}})

    type: Literal["progress"] = "progress"
    job: str
    owner: str
    tasks: dict[str, Step]


class Preview(Told):
    """A picture of a task's work in progress: as ``data`` in msgpack, and in JSON at the ``url``."""

    model_config = example(
        type="preview",
        job="circle-1",
        owner="ann",
        task="sample",
        media_type="image/jpeg",
        width=128,
        height=128,
        url="/api/jobs/circle-1/previews/sample?n=3",
    )

    type: Literal["preview"] = "preview"
    job: str
    owner: str
    task: str
    media_type: str
    width: int
    height: int
    url: str
    data: bytes | None = None


class Resync(Told):
    """Entries are missing: how the jobs of these subscriptions stand, and the number after which events go on.

    ``jobs`` are the one that was asked for, or those that wait or run, the newest first; where there are more than
    fit, ``complete`` is false, and ``list`` gives the others.
    """

    model_config = example(
        type="resync", epoch="6f1c2b9a0d3e4f58", seq=5000, subscriptions=["8"], jobs=[], complete=True
    )

    type: Literal["resync"] = "resync"
    epoch: str
    seq: int
    subscriptions: list[str]
    jobs: list[JobView]
    complete: bool


Message = Hello | Reply | Event | Progress | Preview | Resync

REQUESTS: Final[TypeAdapter[Request]] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
MESSAGES: Final[TypeAdapter[Message]] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def examples() -> list[tuple[type[BaseModel], dict[str, Any]]]:
    """Return the example of every type of both unions."""
    found = []
    for each in (*get_args(Request), *get_args(Message)):
        found += [(each, example) for example in each.model_config["json_schema_extra"]["examples"]]
    return found


def messages_schema() -> dict[str, Any]:
    """Return the JSON Schema of all messages (draft 2020-12): ``$defs/Request`` and ``$defs/Message``."""
    asked = REQUESTS.json_schema(ref_template="#/$defs/{model}")
    told = MESSAGES.json_schema(ref_template="#/$defs/{model}", mode="serialization")
    parts = {**told.pop("$defs"), **asked.pop("$defs")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "graphengine websocket messages, version 1",
        "$defs": {**parts, "Request": asked, "Message": told},
        "anyOf": [{"$ref": "#/$defs/Request"}, {"$ref": "#/$defs/Message"}],
    }
