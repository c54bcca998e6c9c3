"""What a file says of its origin, whatever kind it is: a picture, a video, or a body in space."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import av

from graphengine.files import exr, gif, glb, lines
from graphengine.files.exif import exif_of, exif_texts
from graphengine.files.origin import joined, texts_in
from graphengine.files.picture import SIGNATURE, png_texts
from graphengine.files.webp import add_exif

COMMENT: Final = "comment"
"""The field of a container in which a video says it."""

Reader = Callable[[Path], Mapping[str, str]]

_EBML: Final = b"\x1a\x45\xdf\xa3"
_EXIF: Final = (b"\xff\xd8\xff", b"II*\0", b"MM\0*")


def carried_texts(path: Path) -> Mapping[str, str]:
    """Return the texts in a file, by keyword; see :mod:`graphengine.files.origin`.

    Raises:
        OSError: the file cannot be read, or is of a kind that carries none.
    """
    with path.open("rb") as file:
        reader = reader_for(file.read(16))
    return exif_texts(path) if reader is None else reader(path)


def reader_for(begin: bytes) -> Reader | None:
    """Return what reads the texts of a file that begins so; None where it is of no kind that is known to carry any."""
    if begin[4:8] == b"ftyp":
        return partial(_video_texts, format_="mp4")
    if begin[8:12] == b"WEBP":
        return exif_texts
    return next((reader for starts, reader in _READERS if begin.startswith(starts)), None)


def add_texts(path: Path, texts: Mapping[str, str]) -> None:
    """Write texts, by keyword, into a GIF or a moving WebP that is there already: their encoders write none.

    Raises:
        OSError: it cannot be written, or is something else.
    """
    if not texts:
        return
    with path.open("rb") as file:
        begin = file.read(6)
    if begin in gif.SIGNATURES:
        gif.add_comment(path, joined(texts))
        return
    exif = exif_of(texts, "webp")
    add_exif(path, b"" if exif is None else exif.tobytes())


def _video_texts(path: Path, format_: str) -> Mapping[str, str]:
    """Return the texts in a container, which is read as nothing else: other kinds may lead to other files."""
    try:
        with av.open(str(path), format=format_, metadata_errors="replace") as container:
            told = {name.lower(): text for name, text in container.metadata.items()}
    except av.error.FFmpegError as error:
        raise OSError(f"{path} is broken: {error.strerror}") from error
    return texts_in(told.get(COMMENT, ""))


def _gif_texts(path: Path) -> Mapping[str, str]:
    return next((found for comment in gif.comments_in(path) if (found := texts_in(comment))), {})


def _exr_texts(path: Path) -> Mapping[str, str]:
    return texts_in(exr.exr_comment(path))


_READERS: Final[tuple[tuple[bytes | tuple[bytes, ...], Reader], ...]] = (
    (SIGNATURE, png_texts),
    (_EXIF, exif_texts),
    (_EBML, partial(_video_texts, format_="matroska")),
    (gif.SIGNATURES, _gif_texts),
    (exr.MAGIC, _exr_texts),
    (glb.MAGIC, glb.glb_texts),
    ((lines.PLY + b"\n", lines.PLY + b"\r\n", lines.OBJ), lines.line_texts),
)
"""By how files begin."""
