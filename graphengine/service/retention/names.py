"""What the database names: files by their digests, and jobs whose output folders are theirs."""

import re
import sqlite3
from dataclasses import dataclass
from typing import Final

_DIGEST: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")

_TEXTS: Final = (
    "SELECT content FROM workflow",  # of jobs, of the library and of schedules
    "SELECT inputs FROM job",
    "SELECT result FROM job WHERE result IS NOT NULL",
    "SELECT draft FROM schedule",
    "SELECT data FROM event WHERE kind = 'output' AND job IN (SELECT id FROM job)",  # also of jobs that are not done
)


@dataclass(frozen=True, slots=True)
class Names:
    """What is named at a moment.

    Attributes:
        digests: every one that any text holds, whatever it says about it.
        folders: the output folders of the jobs that are remembered.
        last: the number of the newest job.
    """

    digests: frozenset[str]
    folders: frozenset[str]
    last: int


def folder_of(job: str) -> str:
    """Return the name of the folder in which the sinks of a job write."""
    return re.sub(r"[^A-Za-z0-9._~-]", "_", job)


def digests_in(text: str) -> set[str]:
    """Return the digests that a text holds."""
    return set(_DIGEST.findall(text))


def find_names(connection: sqlite3.Connection) -> Names:
    """Return what is named; it reads much: in a reader's thread."""
    digests: set[str] = set()
    for statement in _TEXTS:
        for (text,) in connection.execute(statement):
            digests.update(_DIGEST.findall(text))
    folders = {folder_of(id_) for (id_,) in connection.execute("SELECT id FROM job")}
    last: int = connection.execute("SELECT coalesce(max(seq), 0) FROM job").fetchone()[0]
    return Names(frozenset(digests), frozenset(folders), last)
