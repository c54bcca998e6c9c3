"""Which files of its folder a schedule has acted upon, or passes over because they were there before it."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from graphengine.service.database.writer import Transaction


class Stamp(NamedTuple):
    """What of a file changes when it does: its size, and the time of its change in nanoseconds."""

    size: int
    modified: int


_LOOKED: Final = Stamp(0, 0)
_PASS_OVER: Final = Stamp(1, 0)


class Seen(NamedTuple):
    """The files that a schedule knows by name; ``first`` says that it has not looked at its folder yet.

    ``pass_over`` says that what is there now is not acted upon, for the schedule was off until now.
    """

    files: dict[str, Stamp]
    first: bool
    pass_over: bool


def load(connection: sqlite3.Connection, id_: str) -> Seen:
    """Return what a schedule knows."""
    rows = connection.execute("SELECT name, size, modified FROM schedule_file WHERE schedule = ?", (id_,))
    files = {row["name"]: Stamp(row["size"], row["modified"]) for row in rows}
    mark = files.pop("", None)
    return Seen(files, mark is None, mark == _PASS_OVER)


def note(transaction: Transaction, id_: str, files: Mapping[str, Stamp], gone: Iterable[str] = ()) -> None:
    """Note files, and that the folder was looked at; forget those that are gone."""
    transaction.connection.executemany(
        "REPLACE INTO schedule_file (schedule, name, size, modified) VALUES (?, ?, ?, ?)",
        [(id_, name, *stamp) for name, stamp in {**files, "": _LOOKED}.items()],
    )
    transaction.connection.executemany(
        "DELETE FROM schedule_file WHERE schedule = ? AND name = ?", [(id_, name) for name in gone]
    )


def forget(transaction: Transaction, id_: str) -> None:
    """Forget everything: the schedule watches another folder from now on."""
    transaction.execute("DELETE FROM schedule_file WHERE schedule = ?", (id_,))


def pass_over(transaction: Transaction, id_: str) -> None:
    """Let what is in the folder at the next look count as known."""
    transaction.execute(
        "REPLACE INTO schedule_file (schedule, name, size, modified) VALUES (?, '', ?, ?)", (id_, *_PASS_OVER)
    )
