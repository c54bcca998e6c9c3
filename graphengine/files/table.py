"""Texts in files, and tables among them: cells with separators between, the names of the columns in the first row."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphengine.errors import NodeError
from graphengine.files.roots import File

LARGEST: Final = 64 * 2**20
"""How many bytes a text may have."""

SEPARATORS: Final = ",;\t"
"""What may lie between cells; it is the one that the first line has most of."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        names: of its columns.
        rows: its cells, without the names and without empty rows.
    """

    names: tuple[str, ...]
    rows: Sequence[Sequence[str]]

    def numbered(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Yield each row by the names of its columns, and its number; the names are row 1.

        What a row lacks is missing, and what it has beyond the names is left out.
        """
        for number, row in enumerate(self.rows, start=2):
            yield number, dict(zip(self.names, row, strict=False))


def read_text(file: File) -> str:
    """Return the text of a file.

    Raises:
        NodeError: it cannot be read, is larger than 64 MiB, or is no UTF-8.
    """
    try:
        if file.path.stat().st_size > LARGEST:
            raise NodeError(f"{file.reference!r} is larger than 64 MiB")
        return file.path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise NodeError(f"{file.reference!r} cannot be read as text: {error}", hint="Save it as UTF-8.") from error


def read_table(file: File) -> Table:
    """Return the table in a file.

    Raises:
        NodeError: as :func:`read_text`, or it is no table.
    """
    text = read_text(file)
    head = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=head.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise NodeError(f"{file.reference!r} is no table: {error}") from error
    return Table(tuple(name.strip() for name in rows[0]) if rows else (), rows[1:])
