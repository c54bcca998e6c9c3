"""What SQLite reports, as errors of ours: whose fault it is decides who hears of it."""

import sqlite3
from collections.abc import Mapping

from graphengine.errors import ServiceCode, StoreUnavailable

_Fault = tuple[ServiceCode, str]

_FULL: _Fault = ("disk_full", "the disk is full")
_LOCKED: _Fault = ("database_locked", "another program holds the database locked")
_CORRUPT: _Fault = ("database_corrupt", "the database file is damaged")
_FAILED: _Fault = ("database_failed", "the database file cannot be read or written")

_FAULTS: Mapping[int, _Fault] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_IOERR: _FAILED,
    sqlite3.SQLITE_READONLY: _FAILED,
    sqlite3.SQLITE_CANTOPEN: _FAILED,
    sqlite3.SQLITE_PERM: _FAILED,
    sqlite3.SQLITE_NOMEM: _FAILED,
    sqlite3.SQLITE_INTERRUPT: ("closed", "the service is closed"),
}

_PRIMARY = 0xFF  # an extended code of SQLite holds the primary one in its low byte


def unavailable(error: BaseException) -> StoreUnavailable | None:
    """Return what an error says about the database, or None where it is about the statement or not SQLite's."""
    if not isinstance(error, sqlite3.Error):
        return None
    extended: int | None = getattr(error, "sqlite_errorcode", None)  # the module's own errors carry none
    fault = None if extended is None else _FAULTS.get(extended & _PRIMARY)
    return None if fault is None else StoreUnavailable(fault[1], fault[0])
