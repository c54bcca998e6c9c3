"""Lists that are written in files."""

from typing import Annotated, TypeVar

from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.files.table import read_table, read_text
from graphengine.node.declare import node
from graphengine.node.widgets import Under

Number = TypeVar("Number", int, float)
TextFile = Annotated[File, Under("inputs")]


@node("list.text_file", category="list", title="Lines of a file", lane="io")
def text_file(file: TextFile) -> list[str]:
    """Make a list of the lines of a text file, such as one prompt per line; empty lines are left out.

    Inputs:
        file: UTF-8, up to 64 MiB; spaces around a line do not count.

    Errors: the file cannot be read as text.
    """
    return [line.strip() for line in read_text(file).splitlines() if line.strip()]


@node("list.csv_texts", category="list", title="Texts of a table", lane="io")
def csv_texts(file: TextFile, column: str) -> list[str]:
    """Take a column of a CSV file as a list of texts, so that a workflow runs for each row.

    Inputs:
        file: UTF-8, with the names of its columns in the first row; commas, semicolons or tabs are between cells.
        column: the name of the column, or its number from 1.

    Errors: the file cannot be read, or has no such column.
    """
    return _column(file, column)


@node("list.csv_numbers", category="list", title="Numbers of a table", lane="io")
def csv_numbers(file: TextFile, column: str) -> list[float]:
    """Take a column of a CSV file as a list of numbers, such as guidance scales.

    Inputs:
        file, column: as for texts.

    Errors: as for texts, or a cell is not a number.
    """
    return [_number(cell, row, float) for row, cell in enumerate(_column(file, column), start=2)]


@node("list.csv_integers", category="list", title="Whole numbers of a table", lane="io")
def csv_integers(file: TextFile, column: str) -> list[int]:
    """Take a column of a CSV file as a list of whole numbers, such as seeds.

    Inputs:
        file, column: as for texts.

    Errors: as for texts, or a cell is not a whole number.
    """
    return [_number(cell, row, int) for row, cell in enumerate(_column(file, column), start=2)]


def _number(cell: str, row: int, kind: type[Number]) -> Number:
    try:
        return kind(cell)
    except ValueError:
        raise NodeError(f"row {row} holds {cell[:40]!r}, which is not a number of this kind") from None


def _column(file: File, column: str) -> list[str]:
    table = read_table(file)
    names = table.names
    if column in names:
        index = names.index(column)
    elif column.isdecimal() and 1 <= int(column) <= len(names):
        index = int(column) - 1
    else:
        raise NodeError(f"the table has no column {column!r}", hint=f"It has {', '.join(names) or 'none'}.")
    short = [number for number, row in enumerate(table.rows, start=2) if len(row) <= index]
    if short:
        raise NodeError(f"row {short[0]} of the table has no column {column!r}")
    return [row[index].strip() for row in table.rows]
