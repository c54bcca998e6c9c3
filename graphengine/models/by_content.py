"""Models by what they hold, wherever they lie."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from graphengine.errors import FileRefused
from graphengine.files.digest import Digests
from graphengine.files.listing import INDEX
from graphengine.models.finding import WEIGHTS

_CONFIG = "config.json"
"""By which a folder is known that holds one network."""


def find_by_content(
    folders: Mapping[str, Sequence[Path]], sha256: str, nbytes: int | None, digests: Digests
) -> Iterator[str]:
    """Yield the references of files and folders whose content has a hash, in the order of their paths.

    Only what has the right size is read, and of that only what was not read before. It may take long: all models are
    read where the size is not known.

    Args:
        folders: where models lie, by the root under which documents name them.
        sha256: as :class:`Digests` gives it.
        nbytes: the size of the content; None where that is not known.
    """
    for root, places in folders.items():
        for top in places:
            for path in _candidates(top, nbytes):
                with suppress(OSError, FileRefused):  # gone, not to be read, or too much to be a model
                    if digests.of(path) == sha256:
                        yield f"{root}:{path.relative_to(top).as_posix()}"


def _candidates(top: Path, nbytes: int | None) -> Iterator[Path]:
    """Yield the files and folders below one that may be a model of a size; links are followed, each folder once."""
    seen: set[str] = set()
    for here, subfolders, names in os.walk(top, followlinks=True):
        place = Path(here)
        real = os.path.realpath(place)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        if place != top and (INDEX in names or _CONFIG in names) and nbytes in (None, _bytes_below(place)):
            yield place
        for name in sorted(names):
            path = place / name
            if not name.startswith(".") and _may_be(path, nbytes):
                yield path


def _may_be(path: Path, nbytes: int | None) -> bool:
    if nbytes is None:
        return path.name.lower().endswith(WEIGHTS)
    return _size(path) == nbytes


def _bytes_below(folder: Path) -> int:
    return sum(_size(each) for each in folder.rglob("*"))


def _size(path: Path) -> int:
    """Return the size of a file; 0 of what is none, or cannot be seen."""
    with suppress(OSError):
        if path.is_file():
            return path.stat().st_size
    return 0
