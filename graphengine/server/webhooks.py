"""Webhooks on the wire: who is told when jobs end, and what became of that; the same for HTTP and websocket."""

from datetime import datetime
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, StringConstraints

from graphengine.server.fields import WHOLE, Part
from graphengine.server.views import Told

End = Literal["done", "failed", "cancelled"]
ENDS: Final[tuple[End, ...]] = get_args(End)
DeliveryState = Literal["waiting", "done", "failed"]
SigningSecret = Annotated[str, StringConstraints(pattern=r"^whsec_[A-Za-z0-9+/]{32,86}={0,2}$")]


class WebhookFields(Part):
    """A webhook as it shall be: where to post to, and at which ends of which jobs.

    To be told of ``all`` jobs, and not of one's own, takes the scope admin. A ``secret`` is ``whsec_`` and Base64 of
    24 to 64 bytes; without one a new webhook is given one, which is told once. ``expected`` is the revision that the
    change was made from, 0 for a new webhook.
    """

    url: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    states: Annotated[list[End], Field(min_length=1, max_length=3)] = Field(default_factory=lambda: list(ENDS))
    jobs: Literal["own", "all"] = "own"
    paused: bool = False
    secret: SigningSecret | None = None
    expected: Annotated[int, Field(ge=0, le=2**31), WHOLE] | None = None


class WebhookView(Told):
    """A webhook as its owner sees it.

    ``waiting`` deliveries are on their way; ``dropped`` ones were not kept, because too many waited. A ``problem``
    says why it was paused by the service. The ``secret`` is shown only in the answer to what made it.
    """

    id: str
    owner: str
    url: str
    states: list[End]
    jobs: Literal["own", "all"]
    paused: bool
    revision: int
    created: datetime
    waiting: int
    dropped: int
    problem: str
    secret: str | None = None


class DeliveryView(Told):
    """A delivery to a webhook.

    ``type`` and ``job`` say what it tells; ``status`` is what the receiver answered last, and ``problem`` why that
    attempt failed. One that waits is tried next at ``due``, without that at once.
    """

    id: str
    webhook: str
    type: Literal["job.done", "job.failed", "job.cancelled", "ping"]
    job: str | None
    state: DeliveryState
    attempts: int
    created: datetime
    tried: datetime | None
    due: datetime | None
    status: int | None
    problem: str
