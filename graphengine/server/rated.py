"""What people say of results: what clients send, what they get, and the same as a table."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from graphengine.server.fields import WHOLE, Part
from graphengine.service.ratings import Better, Rated, Rating, Subject

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Stars = Annotated[int, Field(ge=1, le=5), WHOLE]


class RatedPart(Part):
    """A result: the job that made it, and the SHA-256 of its bytes."""

    job: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    digest: Digest

    def rated(self) -> Rated:
        """Return it as the store knows it."""
        return Rated(self.job, self.digest)


class StarsBody(RatedPart):
    """How many stars a result has."""

    stars: Stars


class PairBody(Part):
    """Which of two results is better."""

    first: RatedPart
    second: RatedPart
    better: Better


class RatingsQuery(Part):
    """Which ratings are wanted: how many, after which number, about which result, and whether only one's own."""

    model_config = ConfigDict(strict=False, extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 100
    after: Annotated[int, Field(ge=0, le=2**63 - 1), WHOLE] = 0
    digest: Digest | None = None
    own: bool = False


class SubjectView(BaseModel):
    """What a rated result was made of, when it was rated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: str
    digest: str
    title: str
    inputs: dict[str, Any]

    @classmethod
    def of(cls, subject: Subject) -> "SubjectView":
        """Return it as clients see it."""
        return cls(job=subject.job, digest=subject.digest, title=subject.title, inputs=dict(subject.inputs))


class RatingView(BaseModel):
    """What somebody thinks: ``stars`` of the first alone, or which of two is ``better``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    owner: str
    first: SubjectView
    second: SubjectView | None
    stars: int | None
    better: Literal["first", "second", "neither"] | None
    time: datetime

    @classmethod
    def of(cls, rating: Rating) -> "RatingView":
        """Return it as clients see it."""
        return cls(
            number=rating.number,
            owner=rating.owner,
            first=SubjectView.of(rating.first),
            second=None if rating.second is None else SubjectView.of(rating.second),
            stars=rating.stars,
            better=rating.better,
            time=rating.time,
        )


class RatingsOut(BaseModel):
    """Ratings in their order; go on after the number of the last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ratings: list[RatingView]


COLUMNS: Final = (
    "number",
    "time",
    "owner",
    "stars",
    "better",
    *(f"{which}_{what}" for which in ("first", "second") for what in ("job", "digest", "title", "inputs")),
)
"""The columns of the table; inputs are JSON."""


def as_csv(ratings: Iterable[Rating]) -> bytes:
    """Return ratings as a table of comma-separated values (RFC 4180), UTF-8, with a line of names."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for each in ratings:
        subjects = [*_cells(each.first), *_cells(each.second)]
        rows.writerow([each.number, each.time.isoformat(), each.owner, each.stars, each.better, *subjects])
    return text.getvalue().encode()


def _cells(subject: Subject | None) -> tuple[str, ...]:
    if subject is None:
        return ("",) * 4
    return (subject.job, subject.digest, _harmless(subject.title), json.dumps(dict(subject.inputs), sort_keys=True))


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
