"""The files of a folder, in the order that people expect, and what is written beside pictures."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from graphengine.errors import NodeError
from graphengine.files.digest import Digests
from graphengine.files.roots import File

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"})
"""How the names of picture files end, of the formats that are read."""

CAPTION_ENDINGS = (".txt", ".caption")
"""How the names of captions end, beside pictures whose names are equal otherwise; the first that is there counts."""

_LONGEST_CAPTION = 64 * 2**10


def files_in(folder: File, pattern: str = "*", *, recursive: bool = False, pictures: bool = False) -> list[File]:
    """Return the files of a folder, each with the hash of its own content.

    They are in natural order: ``frame 2`` comes before ``frame 10``. Hidden files are left out, and so are links that
    lead out of the folder: what lies there is none of its content.

    Args:
        folder: the folder.
        pattern: of file names, with ``*``, ``?`` and ``[…]``; several are separated by semicolons. Case does not count.
        recursive: whether folders within it are looked through too.
        pictures: only files that are pictures by their endings.

    Raises:
        NodeError: it is not a folder, cannot be read, or no such file is there.
    """
    if not folder.path.is_dir():
        raise NodeError(f"{folder.reference!r} is not a folder", hint="Use a node that loads a single file.")
    patterns = [each.strip().lower() for each in pattern.split(";") if each.strip()] or ["*"]
    found = [
        path
        for path in _walk(folder.path, recursive=recursive)
        if any(fnmatchcase(path.name.lower(), each) for each in patterns)
        and (not pictures or path.suffix.lower() in ENDINGS)
    ]
    if not found:
        kind = "picture" if pictures else "file"
        hint = "Choose another pattern or folder" + ("." if recursive else ", or look into folders within it too.")
        raise NodeError(f"there is no {kind} {pattern!r} in {folder.reference!r}", hint=hint)
    digests = Digests()
    found.sort(key=lambda path: _natural(path.relative_to(folder.path).as_posix()))
    try:
        return [File(_reference(folder, path), path, digests.of(path)) for path in found]
    except OSError as error:
        raise NodeError(f"a file of {folder.reference!r} cannot be read: {error.strerror or error}") from error


def caption_of(picture: File) -> str:
    """Return the caption that is written beside a picture, or an empty text where there is none.

    Raises:
        NodeError: it cannot be read as text, or is longer than 64 KiB.
    """
    for ending in CAPTION_ENDINGS:
        path = picture.path.with_suffix(ending)
        if not path.is_file() or not _stays(path, picture.path.parent):
            continue
        try:
            if path.stat().st_size > _LONGEST_CAPTION:
                raise NodeError(f"the caption of {picture.reference!r} is longer than 64 KiB")
            return " ".join(path.read_text(encoding="utf-8-sig").split())
        except (OSError, UnicodeDecodeError) as error:
            raise NodeError(
                f"the caption of {picture.reference!r} cannot be read as text: {error}", hint="Save it as UTF-8."
            ) from error
    return ""


def _walk(folder: Path, *, recursive: bool) -> Iterator[Path]:
    for here, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if recursive and not name.startswith(".")]
        for name in names:
            path = Path(here, name)
            if not name.startswith(".") and path.is_file() and _stays(path, folder):
                yield path


def _stays(path: Path, folder: Path) -> bool:
    """Whether a file in a folder really lies there; only links lead elsewhere, and to look where takes long."""
    return not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())


def _reference(folder: File, path: Path) -> str:
    beginning = folder.reference.rstrip("/")
    joined = beginning if beginning.endswith(":") else f"{beginning}/"
    return joined + path.relative_to(folder.path).as_posix()


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which numbers in texts are ordered as numbers; texts that differ have keys that differ."""
    pieces = re.split(r"([0-9]+)", text)
    ordered = [(1, int(each), each) if each.isdecimal() else (0, 0, each.lower()) for each in pieces]
    return (*ordered, (0, 0, text))
