"""What lies under the roots, as documents call it: files, and folders that are one thing (models)."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

INDEX: str = "model_index.json"
"""The file by which a folder is known that holds a model, in the layout of diffusers."""

MOST: int = 5_000
"""How many entries a list has; a folder with more is for typing a path, not for choosing from."""

DEEPEST: int = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or a folder that holds a model, by its ``reference``."""

    reference: str
    nbytes: int


def list_files(root: str, folders: Sequence[Path]) -> list[Found]:
    """Return what lies under a root, folder after folder; hidden files, and links to folders, are left out."""
    return list(islice((each for folder in folders for each in _walk(root, folder)), MOST))


def _walk(root: str, folder: Path) -> Iterator[Found]:
    for here, subfolders, names in os.walk(folder):
        place = Path(here)
        relative = place.relative_to(folder)
        if INDEX in names and place != folder:
            subfolders.clear()
            yield Found(f"{root}:{relative.as_posix()}", sum(_size(place / name) for name in names))
            continue
        is_deep = len(relative.parts) >= DEEPEST
        subfolders[:] = [] if is_deep else sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Found(f"{root}:{(relative / name).as_posix()}", _size(place / name))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone since it was found, or not to be seen
        return 0
