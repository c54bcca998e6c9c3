"""Rows of the database to schedules, and back."""

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from graphengine.errors import NotFound
from graphengine.service.canonical import canonical
from graphengine.service.clock import moment, stamp
from graphengine.service.schedule.misfire import Misfire
from graphengine.service.schedule.schedule import Draft, Schedule
from graphengine.service.schedule.trigger import TRIGGER

_MISFIRE: Final = TypeAdapter(Misfire)


def schedule_of(row: sqlite3.Row) -> Schedule:
    """Return the schedule that a row holds."""
    asked = json.loads(row["draft"])
    targets = asked["targets"]
    draft = Draft(
        id=row["id"],
        owner=row["owner"],
        trigger=TRIGGER.validate_json(row["fires"]),
        name=row["name"],
        inputs=asked["inputs"],
        targets=None if targets is None else tuple(targets),
        priority=asked["priority"],
        title=asked["title"],
        tags=tuple(asked["tags"]),
        weights=asked["weights"],
        misfire=_MISFIRE.validate_json(row["misfire"]),
        enabled=bool(row["enabled"]),
    )
    return Schedule(
        draft=draft,
        workflow=row["workflow"],
        revision=row["revision"],
        created=moment(row["created"]),
        decided=moment(row["decided"]),
        due=_moment(row["due"]),
        fired=row["fired"],
        last=_moment(row["last"]),
        problem=row["problem"],
        lock=row["lock"],
    )


def values_of(draft: Draft) -> dict[str, Any]:
    """Return the columns that a client decides, the workflow excepted; equal drafts have equal values."""
    asked = {
        "inputs": dict(draft.inputs),
        "targets": draft.targets,
        "priority": draft.priority,
        "title": draft.title,
        "tags": draft.tags,
        "weights": draft.weights,
    }
    return {
        "id": draft.id,
        "owner": draft.owner,
        "fires": TRIGGER.dump_json(draft.trigger).decode(),
        "misfire": canonical(asdict(draft.misfire)),
        "name": draft.name,
        "draft": canonical(asked),
        "enabled": int(draft.enabled),
    }


def find_row(connection: sqlite3.Connection, id_: str) -> sqlite3.Row:
    """Return the row of a schedule.

    Raises:
        NotFound: there is no such schedule.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM schedule WHERE id = ?", (id_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no schedule {id_}")
    return row


def stamp_or_none(time: datetime | None) -> int | None:
    """Return a time as a column keeps it that may be empty."""
    return None if time is None else stamp(time)


def _moment(kept: int | None) -> datetime | None:
    return None if kept is None else moment(kept)
