"""What a file says of its origin, whatever kind it is: a picture, or a video."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import av

from graphengine.files.exif import exif_texts, texts_in
from graphengine.files.picture import SIGNATURE, png_texts

COMMENT: Final = "comment"
"""The field of a container in which a video says it."""

_EBML: Final = b"\x1a\x45\xdf\xa3"


def carried_texts(path: Path) -> Mapping[str, str]:
    """Return the texts in a file, by keyword; see :mod:`graphengine.files.origin`.

    Raises:
        OSError: the file cannot be read, or is of a kind that carries none.
    """
    with path.open("rb") as file:
        begin = file.read(12)
    if begin.startswith(SIGNATURE):
        return png_texts(path)
    if begin.startswith(_EBML):
        return _video_texts(path, "matroska")
    if begin[4:8] == b"ftyp":
        return _video_texts(path, "mp4")
    return exif_texts(path)


def _video_texts(path: Path, format_: str) -> Mapping[str, str]:
    """Return the texts in a container, which is read as nothing else: other kinds may lead to other files."""
    try:
        with av.open(str(path), format=format_, metadata_errors="replace") as container:
            told = {name.lower(): text for name, text in container.metadata.items()}
    except av.error.FFmpegError as error:
        raise OSError(f"{path} is broken: {error.strerror}") from error
    return texts_in(told.get(COMMENT, ""))
