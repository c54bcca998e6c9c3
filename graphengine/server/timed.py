"""Schedules on the wire: what fires them, what is asked for, and what is shown; the same for HTTP and websocket."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from graphengine.server.fields import (
    WHOLE,
    Document,
    InputName,
    Inputs,
    Name,
    Part,
    Priority,
    Tags,
    Targets,
    Title,
)
from graphengine.server.views import Told

MOST_SECRET = 200

Zone = Annotated[str, StringConstraints(min_length=1, max_length=200)]
WallTime = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$")]
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$")]
Pointer = Annotated[str, StringConstraints(pattern=r"^(/.*)?$", max_length=1_000)]
Secret = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", min_length=24, max_length=MOST_SECRET)]


class Cron(Part):
    """A cron expression of five fields, by the clock on the wall of a time zone: ``0 2 * * *`` is two at night."""

    kind: Literal["cron"]
    expression: Annotated[str, StringConstraints(min_length=9, max_length=200)]
    zone: Zone = "UTC"


class Every(Part):
    """Each ``seconds`` from ``start`` on; without a start at round times."""

    kind: Literal["every"]
    seconds: Annotated[int, Field(ge=1, le=366 * 86_400), WHOLE]
    start: Instant = "1970-01-01T00:00:00Z"


class At(Part):
    """Once, at a time by the clock on the wall of a time zone."""

    kind: Literal["at"]
    local: WallTime
    zone: Zone = "UTC"


class Folder(Part):
    """A file that comes to rest in a folder under the inputs: its reference becomes the input ``input``.

    ``pattern`` says which names count, with the wildcards of a shell. A file counts when it was left alone for
    ``seconds``; with ``existing`` those count too that were there before the schedule.
    """

    kind: Literal["folder"]
    folder: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    input: InputName
    pattern: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "*"
    seconds: Annotated[int, Field(ge=1, le=3_600), WHOLE] = 2
    existing: bool = False


class Webhook(Part):
    """A request to ``/api/hooks/<id>`` that knows the schedule's secret.

    ``fields`` says where in its JSON body inputs stand: ``{"prompt": "/comment/text"}``, each a JSON Pointer
    (RFC 6901). What is not there keeps the value that the schedule has for it.
    """

    kind: Literal["webhook"]
    fields: Annotated[dict[InputName, Pointer], Field(max_length=100)] = Field(default_factory=dict)


Trigger = Annotated[Cron | Every | At | Folder | Webhook, Field(discriminator="kind")]


class Misfire(Part):
    """What becomes of times at which the service was not there, or the queue was full.

    ``skip`` forgets them, ``once`` makes up for all of them with one job, ``all`` makes up for each, for at most
    ``most``. What is late by no more than ``grace_seconds`` is not missed.
    """

    policy: Literal["skip", "once", "all"] = "once"
    grace_seconds: Annotated[int, Field(ge=1, le=86_400), WHOLE] = 60
    most: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 100


class ScheduleFields(Part):
    """A schedule as it shall be: what fires it, and the workflow that is run then, a document or a saved one's name.

    ``secret`` opens a webhook; without one a new webhook is given one, which is told once. ``expected`` is the
    revision that the change was made from, 0 for a new schedule.
    """

    trigger: Trigger
    workflow: Document | Name
    inputs: Inputs = Field(default_factory=dict)
    targets: Targets | None = None
    priority: Priority = 0
    title: Title = ""
    tags: Tags = Field(default_factory=list)
    misfire: Misfire = Field(default_factory=Misfire)
    paused: bool = False
    secret: Secret | None = None
    expected: Annotated[int, Field(ge=0, le=2**31), WHOLE] | None = None


class ScheduleView(Told):
    """A schedule as clients see it.

    ``workflow`` is the digest of its document, or ``saved`` the name whose newest version is run. ``next`` are the
    next times at which it fires; ``fired`` says how many jobs it made, ``last`` when it made the last one, and
    ``problem`` why it made none since. A webhook has a ``path`` for requests, and shows its ``secret`` only in the
    answer to what made it.
    """

    id: str
    owner: str
    trigger: Trigger
    workflow: str | None
    saved: str | None
    inputs: dict[str, JsonValue]
    targets: list[str] | None
    priority: int
    title: str
    tags: list[str]
    misfire: Misfire
    paused: bool
    revision: int
    created: datetime
    next: list[datetime]
    fired: int
    last: datetime | None
    problem: str
    path: str | None = None
    secret: str | None = None
