"""The files of a watched folder that count, as they are at one moment."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from graphengine.errors import FileRefused
from graphengine.files.roots import Roots
from graphengine.service.schedule.happening import ROOT, Folder
from graphengine.service.schedule.seen import Stamp

MOST_FILES: Final = 10_000
"""How many files a watched folder may hold."""


def locate(roots: Roots, trigger: Folder) -> Path:
    """Return where a watched folder lies.

    Raises:
        FileRefused: it lies nowhere, or is a file.
    """
    path = roots.locate(trigger.reference, (ROOT,))
    if not path.is_dir():
        raise FileRefused(f"{trigger.folder!r} is a file, and no folder")
    return path


def scan(roots: Roots, trigger: Folder) -> Mapping[str, Stamp]:
    """Return the files of a folder that count, by name and in order; from any thread.

    Raises:
        FileRefused: there is no such folder, or it holds too much.
        OSError: it cannot be read.
    """
    files: dict[str, Stamp] = {}
    for name, stamp in _files(locate(roots, trigger), trigger.pattern):
        files[name] = stamp
        if len(files) > MOST_FILES:
            raise FileRefused(f"the folder {trigger.folder!r} holds more than {MOST_FILES:,} files")
    return dict(sorted(files.items()))


def _files(folder: Path, pattern: str) -> Iterator[tuple[str, Stamp]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if _counts(entry.name, pattern):
                with suppress(FileNotFoundError):  # gone since
                    if entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        yield entry.name, Stamp(status.st_size, status.st_mtime_ns)


def _counts(name: str, pattern: str) -> bool:
    """Return whether a file of that name counts: it is whole, wanted, and a document can hold it."""
    return not name.startswith(".") and fnmatchcase(name, pattern) and name.isprintable() and "\\" not in name
