"""What a picture says of its origin: iTXt chunks of a PNG file, see :mod:`graphengine.files.origin`."""

import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from PIL.PngImagePlugin import PngInfo

from graphengine.files.origin import KEYWORDS, MAX_TEXT

SIGNATURE = b"\x89PNG\r\n\x1a\n"

MAX_CHUNKS = 1_000_000

_BEFORE = 80  # bytes: what a keyword and the NUL behind it take at most


def png_text(texts: Mapping[str, str]) -> PngInfo:
    """Return what Pillow's ``save(pnginfo=…)`` wants, to write each text as an iTXt chunk.

    The text is not compressed: readers bound what they inflate (Pillow: 1 MiB), and a workflow may be larger.
    """
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_itxt(keyword, text)
    return info


def png_texts(path: Path, keywords: Collection[str] = KEYWORDS) -> Mapping[str, str]:
    """Return the texts in a PNG file, by keyword; its pixels are not looked at.

    Raises:
        OSError: the file cannot be read, or is broken.
    """
    try:
        with path.open("rb") as file:
            found = dict(_chunks(file, {each.encode(): each for each in keywords}))  # of several, the last counts
            return {keyword: _text(content) for keyword, content in found.items()}
    except (ValueError, zlib.error) as error:
        raise OSError(f"{path} is not a whole PNG file: {error}") from error


def _chunks(file: BinaryIO, wanted: Mapping[bytes, str]) -> Iterator[tuple[str, bytes]]:
    """Walk from chunk to chunk until IEND, and yield what stands behind our keywords."""
    if file.read(len(SIGNATURE)) != SIGNATURE:
        raise ValueError("it does not begin like one")
    for _ in range(MAX_CHUNKS):
        head = _read(file, 8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"IEND":
            return
        begin = _read(file, min(length, _BEFORE)) if kind == b"iTXt" else b""
        keyword, _, rest = begin.partition(b"\0")
        if keyword in wanted:
            yield wanted[keyword], rest + _checked(file, kind + begin, length - len(begin))
        else:
            file.seek(length - len(begin) + 4, 1)  # over the CRC, too
    raise ValueError(f"it has more than {MAX_CHUNKS} chunks")


def _checked(file: BinaryIO, read: bytes, length: int) -> bytes:
    """Read the rest of a chunk, of which ``read`` is the beginning, and hold it against its CRC."""
    if length > MAX_TEXT:
        raise ValueError("its workflow is larger than 64 MiB")
    rest = _read(file, length)
    if zlib.crc32(rest, zlib.crc32(read)) != int.from_bytes(_read(file, 4), "big"):
        raise ValueError("the checksum of its workflow is wrong")
    return rest


def _text(content: bytes) -> str:
    """Return the text of an iTXt chunk: flag, method, language, NUL, translated keyword, NUL, text."""
    compressed, method = content[:1] == b"\1", content[1:2]
    _, _, rest = content[2:].partition(b"\0")
    _, end, text = rest.partition(b"\0")
    if not end or (compressed and method != b"\0"):
        raise ValueError("the text chunk of its workflow is malformed")
    return (_inflated(text) if compressed else text).decode("utf-8")


def _inflated(content: bytes) -> bytes:
    inflater = zlib.decompressobj()
    text = inflater.decompress(content, MAX_TEXT)
    if inflater.unconsumed_tail:
        raise ValueError("its workflow is larger than 64 MiB")
    if not inflater.eof:
        raise ValueError("its compressed workflow is cut off")
    return text


def _read(file: BinaryIO, length: int) -> bytes:
    content = file.read(length)
    if len(content) != length:
        raise ValueError("it is cut off")
    return content
