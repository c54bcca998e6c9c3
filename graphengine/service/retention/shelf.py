"""The files that may go: assets by their digests, and the output folders of jobs."""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphengine.service.assets import DIGEST

_GOING: Final = ".part"  # ends the names of what is on its way out; a start of the engine removes such files

Inode = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Item:
    """An asset or an output folder: the bytes of each of its files, by what tells one file of several names."""

    name: str
    is_folder: bool
    files: tuple[tuple[Inode, int], ...]

    @property
    def key(self) -> str:
        """What the ledger calls it."""
        return f"outputs/{self.name}" if self.is_folder else self.name


def items_in(assets: Path, outputs: Path) -> Iterator[Item]:
    """Yield what lies in both folders; what is on its way in or out is passed over."""
    for entry in _entries(assets):
        if DIGEST.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            yield Item(entry.name, False, tuple(_measured([Path(entry.path)])))
    for entry in _entries(outputs):
        if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
            yield Item(entry.name, True, tuple(_measured(Path(entry.path).rglob("*"))))


def nbytes_of(items: Iterable[Item]) -> int:
    """Return what items take together; a file with several names counts once."""
    return sum({inode: size for item in items for inode, size in item.files}.values())


def set_aside(path: Path) -> Path:
    """Take a file or folder out of the way, at once, and return where it is then.

    Raises:
        OSError: it is gone, or cannot be moved.
    """
    return path.rename(path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}{_GOING}"))


def discard(path: Path) -> None:
    """Remove what was set aside."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def discard_leftovers(outputs: Path) -> None:
    """Remove the folders that a killed engine had set aside."""
    for entry in _entries(outputs):
        if entry.name.startswith(".") and entry.name.endswith(_GOING) and entry.is_dir(follow_symlinks=False):
            discard(Path(entry.path))


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # not there yet
        return []


def _measured(paths: Iterable[Path]) -> Iterator[tuple[Inode, int]]:
    for path in paths:
        with suppress(OSError):  # gone meanwhile
            status = path.lstat()
            yield (status.st_dev, status.st_ino), status.st_size
