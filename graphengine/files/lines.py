"""What a PLY or OBJ says of its origin: comments at its beginning, in short lines, as readers have small buffers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from graphengine.files.origin import MAX_TEXT, joined, texts_in

PLY: Final = b"ply"

_MARK: Final = b"graphengine: "
_IN_PLY: Final = b"comment " + _MARK
OBJ: Final = b"# " + _MARK
"""How the lines of an OBJ begin, and so such a file."""

_LONGEST: Final = 96  # bytes of a text in a line


def ply_with(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a PLY with texts, by keyword, in comments behind the line of its format."""
    end = content.index(b"\n", content.index(b"\nformat ") + 1) + 1
    return content[:end] + _lines(texts, _IN_PLY) + content[end:]


def obj_with(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return an OBJ with texts, by keyword, in comments at its beginning."""
    return _lines(texts, OBJ) + content


def line_texts(path: Path) -> Mapping[str, str]:
    """Return the texts in a PLY or OBJ, by keyword; what it shows is not looked at.

    Raises:
        OSError: it cannot be read.
    """
    return texts_in(b"".join(_pieces(path)))


def shown_in_lines(content: bytes) -> bytes:
    """Return a PLY or OBJ without such comments."""
    lines = content.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith((_IN_PLY, OBJ)))


def _lines(texts: Mapping[str, str], start: bytes) -> bytes:
    content = joined(texts)
    pieces = (content[place : place + _LONGEST] for place in range(0, len(content), _LONGEST))
    return b"".join(start + piece + b"\n" for piece in pieces)


def _pieces(path: Path) -> Iterator[bytes]:
    read = 0
    with path.open("rb") as file:
        while (line := file.readline(1024)) and read < MAX_TEXT:
            read += len(line)
            told = line.removeprefix(_IN_PLY).removeprefix(OBJ)
            if told != line:
                yield told.rstrip(b"\r\n")
            elif not line.startswith((PLY, b"format ", b"comment ")):
                return
