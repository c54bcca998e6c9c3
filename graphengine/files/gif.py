"""What a GIF says of its origin: a comment at its end (GIF89a, section 24)."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from graphengine.files.origin import MAX_TEXT

SIGNATURES: Final = (b"GIF87a", b"GIF89a")

_EXTENSION, _COMMENT, _IMAGE, _END = 0x21, 0xFE, 0x2C, 0x3B
_PIECE: Final = 255  # bytes, as the length of a piece is one


def add_comment(path: Path, comment: bytes) -> None:
    """Write a comment into a GIF, before its end.

    Raises:
        OSError: it has no end, or cannot be written.
    """
    pieces = (comment[start : start + _PIECE] for start in range(0, len(comment), _PIECE))
    block = b"".join(bytes([len(piece)]) + piece for piece in pieces)
    with path.open("r+b") as file:
        file.seek(-1, 2)
        if file.read(1) != bytes([_END]):
            raise OSError(f"{path} is not a whole GIF file")
        file.seek(-1, 2)
        file.write(bytes([_EXTENSION, _COMMENT]) + block + bytes([0, _END]))


def comments_in(path: Path) -> Iterator[bytes]:
    """Yield the comments of a GIF; its pixels are not looked at.

    Raises:
        OSError: it cannot be read, or is broken.
    """
    with path.open("rb") as file:
        _skip(file, 10)
        _skip(file, 2 + _colours(_byte(file)))
        while (kind := _byte(file)) != _END:
            if kind == _IMAGE:
                _skip(file, 8)
                _skip(file, 1 + _colours(_byte(file)))  # the bits of its codes follow the colours
                _pass(file)
            elif kind == _EXTENSION and _byte(file) == _COMMENT:
                yield _joined(file)
            elif kind == _EXTENSION:
                _pass(file)
            else:
                raise OSError(f"{path} is not a whole GIF file")


def _colours(flags: int) -> int:
    """Return the bytes of the table of colours that a byte of flags tells of."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _joined(file: BinaryIO) -> bytes:
    content = bytearray()
    while size := _byte(file):
        content += file.read(size)
        if len(content) > MAX_TEXT:
            raise OSError("the comment of the GIF file is larger than 64 MiB")
    return bytes(content)


def _pass(file: BinaryIO) -> None:
    while size := _byte(file):
        _skip(file, size)


def _skip(file: BinaryIO, count: int) -> None:
    file.seek(count, 1)


def _byte(file: BinaryIO) -> int:
    found = file.read(1)
    if not found:
        raise OSError("the GIF file is cut off")
    return found[0]
