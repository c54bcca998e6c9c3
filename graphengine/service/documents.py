"""Workflows by content: each document is kept once, however many jobs and versions refer to it."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphengine.errors import NotFound, StoreUnavailable
from graphengine.files.digest import sha256
from graphengine.service.canonical import canonical, compact, digest
from graphengine.service.database.writer import Transaction
from graphengine.service.job import MOST_TITLE, JsonObject


@dataclass(frozen=True, slots=True)
class Content:
    """A document as it is kept: with its keys in the order of whoever wrote them, for that is the order of a form."""

    digest: str
    text: str

    @classmethod
    def of(cls, document: JsonObject) -> "Content":
        """Return the content of a document.

        Raises:
            Unacceptable: it is not JSON.
        """
        text = compact(document)
        return cls(digest(text), text)


def title_of(document: JsonObject) -> str:
    """Return what a document is called, as long as a job's title may be; empty if it has no title."""
    title = document.get("title")
    return title[:MOST_TITLE] if isinstance(title, str) else ""


def keep(transaction: Transaction, content: Content) -> None:
    """Write a document, unless it is there."""
    transaction.execute(
        "INSERT INTO workflow (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING", (content.digest, content.text)
    )


def same(connection: sqlite3.Connection, kept: str, content: Content) -> bool:
    """Return whether a document says the same as the one that is kept, perhaps with its keys in another order."""
    return kept == content.digest or canonical(find_document(connection, kept)) == canonical(json.loads(content.text))


def drop_unused(transaction: Transaction, digests: Iterable[str]) -> None:
    """Remove those of the documents to which nothing refers any more."""
    transaction.connection.executemany(
        "DELETE FROM workflow WHERE digest = :digest"
        " AND NOT EXISTS (SELECT 1 FROM job WHERE workflow = :digest)"
        " AND NOT EXISTS (SELECT 1 FROM library_version WHERE workflow = :digest)"
        " AND NOT EXISTS (SELECT 1 FROM schedule WHERE workflow = :digest)",
        [{"digest": each} for each in set(digests)],
    )


def find_document(connection: sqlite3.Connection, digest_: str) -> dict[str, Any]:
    """Return a document by its digest.

    Raises:
        NotFound: there is none.
        StoreUnavailable: it is no longer what was written.
    """
    row = connection.execute("SELECT CAST(content AS BLOB) FROM workflow WHERE digest = ?", (digest_,)).fetchone()
    if row is None:
        raise NotFound(f"there is no workflow with the digest {digest_}")
    content: bytes = row[0]
    if sha256(content) != digest_:
        raise StoreUnavailable("the database file is damaged", "database_corrupt")
    document: dict[str, Any] = json.loads(content)
    return document
