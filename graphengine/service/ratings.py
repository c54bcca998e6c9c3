"""What people think of results: stars for one, or which of two is better; with what the results were made of."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from graphengine.errors import NotFound, Unacceptable
from graphengine.service.clock import Clock, moment, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.job import Job, JsonObject
from graphengine.service.queue.records import find_job

MOST_PAGE: Final = 1_000

Better = Literal["first", "second", "neither"]

_VERDICTS: Final[dict[Better, int]] = {"first": -1, "neither": 0, "second": 1}
_WORDS: Final = {verdict: word for word, verdict in _VERDICTS.items()}

_SAVE: Final = """
INSERT INTO rating (owner, first, second, verdict, about, time)
VALUES (:owner, :first, :second, :verdict, :about, :time)
ON CONFLICT (owner, first, second) DO UPDATE SET verdict = :verdict, about = :about, time = :time
RETURNING *
"""


@dataclass(frozen=True, slots=True)
class Rated:
    """A result that is rated.

    Attributes:
        job: made it.
        digest: the SHA-256 of its bytes.
    """

    job: str
    digest: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rated result was made of, as it was when it was rated: the job itself may be gone."""

    job: str
    digest: str
    title: str
    inputs: JsonObject


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody thinks of a result, or of two.

    Attributes:
        number: of the rating; later ones have larger numbers.
        second: None where a result is rated alone.
        stars: 1 to 5, of a result alone.
        better: which of two.
    """

    number: int
    owner: str
    first: Subject
    second: Subject | None
    stars: int | None
    better: Better | None
    time: datetime


class Ratings:
    """The ratings of a store. Who rates the same again replaces what they thought before."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def rate(self, owner: str, rated: Rated, stars: int) -> Rating:
        """Give a result one to five stars.

        Raises:
            NotFound: there is no such job.
            Unacceptable: the job made no such result, or there are not so many stars.
        """
        if not 1 <= stars <= 5:
            raise Unacceptable("there are 1 to 5 stars")
        return await self._save(owner, rated, None, stars)

    async def compare(self, owner: str, first: Rated, second: Rated, better: Better) -> Rating:
        """Say which of two results is better; which of them is called the first does not matter.

        Raises:
            NotFound: there is no such job.
            Unacceptable: a job made no such result, or both are the same.
        """
        if first.digest == second.digest:
            raise Unacceptable("a result is no better than itself")
        verdict = _VERDICTS[better]
        if first.digest > second.digest:
            first, second, verdict = second, first, -verdict
        return await self._save(owner, first, second, verdict)

    async def list(
        self, owner: str | None = None, digest: str | None = None, *, limit: int = 100, after: int = 0
    ) -> Sequence[Rating]:
        """Return ratings in their order, those after the number ``after``.

        Args:
            owner: whose; None is everybody's.
            digest: of a result that they are about; None is any.

        Raises:
            Unacceptable: the limit is out of range.
        """
        if not 1 <= limit <= MOST_PAGE:
            raise Unacceptable(f"a page has 1 to {MOST_PAGE:,} ratings")
        wanted = {"owner": owner, "digest": digest, "after": after, "limit": limit}

        def look(connection: sqlite3.Connection) -> Sequence[Rating]:
            rows = connection.execute(
                "SELECT * FROM rating WHERE seq > :after AND (:owner IS NULL OR owner = :owner)"
                " AND (:digest IS NULL OR first = :digest OR second = :digest) ORDER BY seq LIMIT :limit",
                wanted,
            )
            return [_rating_of(row) for row in rows]

        return await self._database.read(look)

    async def delete(self, owner: str | None, number: int) -> None:
        """Forget a rating.

        Args:
            owner: whose it must be; None is anybody's.

        Raises:
            NotFound: there is no such rating.
        """

        def act(transaction: Transaction) -> None:
            gone = transaction.execute(
                "DELETE FROM rating WHERE seq = :number AND (:owner IS NULL OR owner = :owner)",
                {"number": number, "owner": owner},
            )
            if not gone.rowcount:
                raise NotFound(f"there is no rating {number}")

        await self._database.write(act)

    async def _save(self, owner: str, first: Rated, second: Rated | None, verdict: int) -> Rating:
        def act(transaction: Transaction) -> Rating:
            subjects = [_subject(transaction.connection, each) for each in (first, second) if each is not None]
            values = {
                "owner": owner,
                "first": first.digest,
                "second": "" if second is None else second.digest,
                "verdict": verdict,
                "about": json.dumps(subjects),
                "time": stamp(self._clock.now()),
            }
            return _rating_of(transaction.execute(_SAVE, values).fetchone())

        return await self._database.write(act)


def _subject(connection: sqlite3.Connection, rated: Rated) -> JsonObject:
    """Return what is kept of a result.

    Raises:
        NotFound: there is no such job.
        Unacceptable: it made no such result.
    """
    job = find_job(connection, rated.job)
    if rated.digest not in _results(job):
        raise Unacceptable(f"the job {rated.job} made no such result")
    return {"job": job.id, "digest": rated.digest, "title": job.title, "inputs": dict(job.inputs)}


def _results(job: Job) -> set[str]:
    files: Any = (job.result or {}).get("files", [])
    return {file["digest"] for file in files}


def _rating_of(row: sqlite3.Row) -> Rating:
    first, *others = [Subject(**each) for each in json.loads(row["about"])]
    verdict = row["verdict"]
    return Rating(
        number=row["seq"],
        owner=row["owner"],
        first=first,
        second=others[0] if others else None,
        stars=None if others else verdict,
        better=_WORDS[verdict] if others else None,
        time=moment(row["time"]),
    )
