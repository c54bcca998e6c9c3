"""Rows of the database to jobs."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graphengine.errors import Failure, NotFound
from graphengine.service.clock import moment
from graphengine.service.job import Batch, Job


def job_of(row: sqlite3.Row | Mapping[str, Any]) -> Job:
    """Return the job that a row holds."""
    targets = row["targets"]
    return Job(
        seq=row["seq"],
        id=row["id"],
        owner=row["owner"],
        state=row["state"],
        priority=row["priority"],
        position=row["rank"],
        workflow=row["workflow"],
        inputs=json.loads(row["inputs"]),
        targets=None if targets is None else tuple(json.loads(targets)),
        title=row["title"],
        tags=tuple(json.loads(row["tags"])),
        weights=row["weights"],
        batch=row["batch"],
        created=moment(row["created"]),
        started=_moment(row["started"]),
        ended=_moment(row["ended"]),
        attempt=row["attempt"],
        interruptions=row["interruptions"],
        cancelling=bool(row["cancelling"]),
        failure=None if row["failure"] is None else Failure(**json.loads(row["failure"])),
        result=None if row["result"] is None else json.loads(row["result"]),
        lock=None if row["lock"] is None else json.loads(row["lock"]),
    )


def job_row(connection: sqlite3.Connection, id_: str) -> sqlite3.Row:
    """Return the row of a job.

    Raises:
        NotFound: there is no such job.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM job WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no job {id_}")
    return row


def find_job(connection: sqlite3.Connection, id_: str) -> Job:
    """Return a job.

    Raises:
        NotFound: there is no such job.
    """
    return job_of(job_row(connection, id_))


def find_batch(connection: sqlite3.Connection, id_: str) -> Batch:
    """Return a batch.

    Raises:
        NotFound: there is no such batch.
    """
    row = connection.execute("SELECT * FROM batch WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no batch {id_}")
    counts = connection.execute("SELECT state, count(*) FROM job WHERE batch = ? GROUP BY state", (id_,)).fetchall()
    return Batch(row["id"], row["owner"], row["total"], moment(row["created"]), {each[0]: each[1] for each in counts})


def _moment(stamp: int | None) -> datetime | None:
    return None if stamp is None else moment(stamp)
