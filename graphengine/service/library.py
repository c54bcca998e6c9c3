"""Workflows that somebody saved under a name: all their versions, and a picture of each name."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from graphengine.errors import Conflict, NotFound, Unacceptable
from graphengine.service.clock import Clock, moment, stamp
from graphengine.service.database.database import Database
from graphengine.service.database.writer import Transaction
from graphengine.service.documents import Content, drop_unused, find_document, keep
from graphengine.service.job import JsonObject

MOST_NAME: Final = 200
MOST_NOTE: Final = 10_000
MOST_THUMBNAIL: Final = 2**20
MOST_PAGE: Final = 1_000

MEDIA_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})


@dataclass(frozen=True, slots=True)
class Version:
    """A state of a workflow that was saved; the versions of a name count from 1."""

    name: str
    version: int
    workflow: str
    title: str
    owner: str
    note: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """A name of the library, with its newest version."""

    newest: Version
    created: datetime
    has_thumbnail: bool

    @property
    def name(self) -> str:
        """The name."""
        return self.newest.name


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture."""

    content: bytes
    media_type: str


class Library:
    """The saved workflows of a store."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(
        self, name: str, document: JsonObject, *, owner: str, note: str = "", expected: int | None = None
    ) -> Version:
        """Save a document as the newest version of a name; one that is the newest already makes no other.

        Args:
            expected: the version that the document was made from, 0 for a new name; None overwrites whatever there
                is (older versions stay).

        Raises:
            Conflict: the newest version is not the expected one.
            Unacceptable: the name or the note is too long or empty, or the document is not JSON.
        """
        if not 1 <= len(name) <= MOST_NAME or not name.isprintable() or name != name.strip():
            raise Unacceptable(f"a name has 1 to {MOST_NAME} printable characters, and no space around them")
        if len(note) > MOST_NOTE:
            raise Unacceptable(f"a note has at most {MOST_NOTE:,} characters")
        content = Content.of(document)
        title = document.get("title")
        draft = _Draft(name, content, title if isinstance(title, str) else "", owner, note, expected)
        return await self._database.write(lambda tx: _save(tx, draft, stamp(self._clock.now())))

    async def get(self, name: str, version: int | None = None) -> tuple[Version, dict[str, Any]]:
        """Return a version, by default the newest, and its document.

        Raises:
            NotFound: there is no such name or version.
        """

        def look(connection: sqlite3.Connection) -> tuple[Version, dict[str, Any]]:
            found = _version(connection, name, version)
            return found, find_document(connection, found.workflow)

        return await self._database.read(look)

    async def list(self, *, limit: int = 100, after: str = "") -> Sequence[Saved]:
        """Return names in their order, those after the name ``after``.

        Raises:
            Unacceptable: the limit is out of range.
        """
        if not 1 <= limit <= MOST_PAGE:
            raise Unacceptable(f"a page has 1 to {MOST_PAGE:,} names")

        def look(connection: sqlite3.Connection) -> Sequence[Saved]:
            rows = connection.execute(
                "SELECT library_version.*, library.created AS since, library.thumbnail IS NOT NULL AS pictured"
                " FROM library JOIN library_version USING (name, version)"
                " WHERE name > ? ORDER BY name LIMIT ?",
                (after, limit),
            )
            return [Saved(_version_of(row), moment(row["since"]), bool(row["pictured"])) for row in rows]

        return await self._database.read(look)

    async def versions(self, name: str) -> Sequence[Version]:
        """Return the versions of a name, the newest first.

        Raises:
            NotFound: there is no such name.
        """

        def look(connection: sqlite3.Connection) -> Sequence[Version]:
            rows = connection.execute(
                "SELECT * FROM library_version WHERE name = ? ORDER BY version DESC", (name,)
            ).fetchall()
            return [_version_of(row) for row in rows]

        found = await self._database.read(look)
        if not found:
            raise NotFound(_NOTHING.format(name))
        return found

    async def delete(self, name: str) -> None:
        """Remove a name with all its versions; jobs made from them keep their documents.

        Raises:
            NotFound: there is no such name.
        """

        def act(transaction: Transaction) -> None:
            rows = transaction.execute("SELECT workflow FROM library_version WHERE name = ?", (name,)).fetchall()
            if not transaction.execute("DELETE FROM library WHERE name = ?", (name,)).rowcount:
                raise NotFound(_NOTHING.format(name))
            drop_unused(transaction, [row["workflow"] for row in rows])

        await self._database.write(act)

    async def set_thumbnail(self, name: str, thumbnail: Thumbnail | None) -> None:
        """Give a name a picture, or take it away.

        Raises:
            NotFound: there is no such name.
            Unacceptable: the picture is larger than a mebibyte, or neither PNG, JPEG nor WebP.
        """
        if thumbnail is not None and (
            len(thumbnail.content) > MOST_THUMBNAIL or thumbnail.media_type not in MEDIA_TYPES
        ):
            raise Unacceptable("a thumbnail is a PNG, JPEG or WebP picture of at most 1 MiB")
        content, media_type = (None, "") if thumbnail is None else (thumbnail.content, thumbnail.media_type)

        def act(transaction: Transaction) -> None:
            if not transaction.execute(
                "UPDATE library SET thumbnail = ?, media_type = ? WHERE name = ?", (content, media_type, name)
            ).rowcount:
                raise NotFound(_NOTHING.format(name))

        await self._database.write(act)

    async def thumbnail(self, name: str) -> Thumbnail:
        """Return the picture of a name.

        Raises:
            NotFound: there is no such name, or it has none.
        """

        def look(connection: sqlite3.Connection) -> Thumbnail:
            row = connection.execute("SELECT thumbnail, media_type FROM library WHERE name = ?", (name,)).fetchone()
            if row is None or row["thumbnail"] is None:
                raise NotFound(f"there is no thumbnail of {name!r}")
            return Thumbnail(row["thumbnail"], row["media_type"])

        return await self._database.read(look)


_NOTHING: Final = "there is no workflow called {!r}"


@dataclass(frozen=True, slots=True)
class _Draft:
    name: str
    content: Content
    title: str
    owner: str
    note: str
    expected: int | None


def _save(transaction: Transaction, draft: _Draft, now: int) -> Version:
    row = transaction.execute(
        "SELECT library.version, workflow FROM library JOIN library_version USING (name, version) WHERE name = ?",
        (draft.name,),
    ).fetchone()
    version: int = 0 if row is None else row["version"]
    if draft.expected not in (None, version):
        raise Conflict(f"the newest version of {draft.name!r} is {version}, not {draft.expected}")
    if row is None or row["workflow"] != draft.content.digest:
        version += 1
        keep(transaction, draft.content)
        transaction.execute(
            "INSERT INTO library (name, version, created, updated) VALUES (:name, :version, :now, :now)"
            " ON CONFLICT (name) DO UPDATE SET version = :version, updated = :now",
            {"name": draft.name, "version": version, "now": now},
        )
        transaction.execute(
            "INSERT INTO library_version (name, version, workflow, title, owner, note, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (draft.name, version, draft.content.digest, draft.title, draft.owner, draft.note, now),
        )
    return _version(transaction.connection, draft.name, version)


def _version(connection: sqlite3.Connection, name: str, version: int | None) -> Version:
    row = connection.execute(
        "SELECT library_version.* FROM library JOIN library_version USING (name)"
        " WHERE name = :name AND library_version.version = coalesce(:version, library.version)",
        {"name": name, "version": version},
    ).fetchone()
    if row is None:
        raise NotFound(_NOTHING.format(name) if version is None else f"there is no version {version} of {name!r}")
    return _version_of(row)


def _version_of(row: sqlite3.Row) -> Version:
    return Version(
        row["name"],
        row["version"],
        row["workflow"],
        row["title"],
        row["owner"],
        row["note"],
        moment(row["created"]),
    )
