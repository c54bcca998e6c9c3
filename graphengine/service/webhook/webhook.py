"""What a webhook is, and a delivery to one; how deliveries are signed."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from graphengine.errors import Unacceptable
from graphengine.service.job import ENDED, ID, JobState

Jobs = Literal["own", "all"]
DeliveryState = Literal["waiting", "done", "failed"]
Kind = Literal["job.done", "job.failed", "job.cancelled", "ping"]

MARK: Final = "whsec_"
"""What a secret begins with; then comes Base64 of 24 to 64 bytes."""

_MOST_URL: Final = 2_000
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Draft:
    """Whom somebody wants to be told, and of what.

    Attributes:
        url: where a delivery is posted to; that it may be is checked when it is.
        states: the ends of jobs that are told of.
        jobs: whether of the owner's jobs or of all.
    """

    id: str
    owner: str
    url: str
    states: frozenset[JobState] = ENDED
    jobs: Jobs = "own"
    enabled: bool = True

    def check(self) -> None:
        """Refuse what cannot be kept.

        Raises:
            Unacceptable: a part has a wrong form.
        """
        if not ID.fullmatch(self.id):
            raise Unacceptable(
                "an id has 1 to 100 letters, digits, '.', '_' and '-', and begins with a letter or digit"
            )
        if not 1 <= len(self.url) <= _MOST_URL:
            raise Unacceptable(f"an address has 1 to {_MOST_URL:,} characters")
        if not self.states or not self.states <= ENDED:
            raise Unacceptable(f"a webhook is told of at least one of {', '.join(sorted(ENDED))}")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who is told.

    Attributes:
        secret: signs what they are told.
        waiting: how many deliveries are on their way.
        dropped: how many were not kept, because too many waited.
        problem: why nothing is delivered any more, or empty.
    """

    draft: Draft
    secret: str
    revision: int
    created: datetime
    waiting: int
    dropped: int
    problem: str

    @property
    def id(self) -> str:
        """The webhook's id."""
        return self.draft.id


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that somebody is told, until it has arrived or is given up.

    Attributes:
        id: the same in every attempt, so that who gets it twice knows.
        job: the job that it is about; empty for a ping.
        body: what is told, as JSON.
        attempts: how often it was tried.
        tried: when it was tried last.
        due: when it is tried next, if it waits; None for at once.
        status: what the receiver answered last.
        problem: why the last attempt failed, or empty.
    """

    seq: int
    id: str
    webhook: str
    job: str
    kind: Kind
    body: str
    state: DeliveryState
    attempts: int
    created: datetime
    tried: datetime | None
    due: datetime | None
    status: int | None
    problem: str


def new_secret() -> str:
    """Return a secret that nobody can guess."""
    return MARK + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for.

    Raises:
        Unacceptable: it has a wrong form.
    """
    try:
        key = base64.b64decode(secret.removeprefix(MARK), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(MARK) or not 24 <= len(key) <= 64:
        raise Unacceptable(f"a secret is {MARK!r} and then Base64 of 24 to 64 bytes")
    return key


def signed(secret: str, id_: str, body: str, seconds: int) -> Mapping[str, str]:
    """Return the headers of a delivery: its id, the time, and a signature over both and the body.

    They are those of the Standard Webhooks specification, which receivers have libraries for.

    Args:
        seconds: the time of the attempt, since 1970.
    """
    mac = hmac.digest(key_of(secret), f"{id_}.{seconds}.{body}".encode(), "sha256")
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
