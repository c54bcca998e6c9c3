"""What an OpenEXR file says of its origin: the comments in its header."""

import struct
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from graphengine.files.origin import MAX_TEXT

MAGIC: Final = b"\x76\x2f\x31\x01"

COMMENTS: Final = "comments"
"""The attribute."""

_LONGEST_NAME: Final = 256
_MOST: Final = 10_000  # attributes


def exr_comment(path: Path) -> bytes:
    """Return the comment in the first header of a file, or nothing; its pixels are not looked at.

    Raises:
        OSError: it cannot be read, or is cut off.
    """
    with path.open("rb") as file:
        file.seek(8)  # magic and version
        for _ in range(_MOST):
            name = _word(file)
            if not name:
                return b""
            kind, size = _word(file), struct.unpack("<i", _read(file, 4))[0]
            if (name, kind) == (COMMENTS.encode(), b"string") and 0 <= size <= MAX_TEXT:
                return _read(file, size)
            file.seek(max(size, 0), 1)
    return b""


def exr_planes(path: Path) -> Iterator[NDArray[np.generic]]:
    """Yield the channels of all parts of a file, by their names, as numbers whose difference is in steps of a format.

    Raises:
        OSError: it is broken.
    """
    library = import_module("OpenEXR")
    try:
        with library.File(str(path), separate_channels=True) as opened:
            for index in range(len(opened.parts)):
                channels: Any = opened.channels(index)
                for _, each in sorted(channels.items()):
                    yield each.pixels.view({2: np.uint16, 4: np.uint32}[each.pixels.itemsize])
    except (RuntimeError, ValueError) as error:
        raise OSError(f"{path} is broken: {error}") from error


def _word(file: BinaryIO) -> bytes:
    word = bytearray()
    while (letter := _read(file, 1)) != b"\0":
        word += letter
        if len(word) > _LONGEST_NAME:
            raise OSError("the header of the EXR file is broken")
    return bytes(word)


def _read(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise OSError("the EXR file is cut off")
    return found
