"""Exif into a WebP that is there already: a chunk at its end, and a flag at its beginning that tells of it."""

import struct
from pathlib import Path
from typing import Final

from PIL import Image

_HEAD: Final = struct.Struct("<4sI4s")
_CHUNK: Final = struct.Struct("<4sI")
_EXTENDED: Final = b"VP8X"
_TELLS: Final = 0x08  # of Exif, among the flags
_CLEAR: Final = 0x10  # of alpha
_PREFIX: Final = b"Exif\0\0"


def add_exif(path: Path, exif: bytes) -> None:
    """Write Exif into a WebP that has none; one of the simple form becomes one of the extended.

    Raises:
        OSError: it is something else, or cannot be written.
    """
    with path.open("rb") as file:
        begin = file.read(_HEAD.size + len(_EXTENDED)).ljust(_HEAD.size, b"\0")
    if _HEAD.unpack_from(begin)[::2] != (b"RIFF", b"WEBP"):
        raise OSError(f"{path} is no WebP file")
    if not begin.endswith(_EXTENDED):
        _extend(path)
    _append(path, exif.removeprefix(_PREFIX))


def _append(path: Path, exif: bytes) -> None:
    with path.open("r+b") as file:
        riff, size, webp = _HEAD.unpack(file.read(_HEAD.size))
        file.seek(_CHUNK.size, 1)
        flags = file.read(1)[0]
        chunk = _CHUNK.pack(b"EXIF", len(exif)) + exif + b"\0" * (len(exif) % 2)
        file.seek(_CHUNK.size + size)
        file.truncate()
        file.write(chunk)
        file.seek(0)
        file.write(_HEAD.pack(riff, size + len(chunk), webp))
        file.seek(_HEAD.size + _CHUNK.size)
        file.write(bytes([flags | _TELLS]))


def _extend(path: Path) -> None:
    """Bring a WebP of a single picture to the extended form."""
    with Image.open(path, formats=("WEBP",)) as picture:
        flags = _CLEAR if picture.mode == "RGBA" else 0
        sides = b"".join((side - 1).to_bytes(3, "little") for side in picture.size)
    chunk = _CHUNK.pack(_EXTENDED, 10) + bytes([flags, 0, 0, 0]) + sides
    content = path.read_bytes()
    riff, size, webp = _HEAD.unpack_from(content)
    path.write_bytes(_HEAD.pack(riff, size + len(chunk), webp) + chunk + content[_HEAD.size :])
