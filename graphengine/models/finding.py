"""Where models lie under the roots: folders in the diffusers layout, and single weight files, sound or not."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graphengine.files.listing import INDEX

WEIGHTS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf")
"""How weight files are called. Only safetensors are loaded; who has others is told so."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that a document can name by ``reference``.

    Attributes:
        kind: the pipeline's class of a folder, or the format of a file.
        nbytes: of all its files.
        changed: when any of them was, in ns of Unix time.
    """

    reference: str
    kind: str
    nbytes: int
    path: Path
    changed: int = 0


def find_models(root: str, folders: Sequence[Path]) -> Iterator[FoundModel]:
    """Yield the models under a root, in the order of their paths; what lies inside a model is not one.

    Links are followed, into each folder once; those that lead nowhere are passed by.
    """
    seen: set[Path] = set()
    for folder in folders:
        for here, subfolders, files in os.walk(folder, followlinks=True):
            place = Path(here)
            if _again(place, seen):
                subfolders.clear()
                continue
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            if INDEX in files:
                subfolders.clear()
                yield _folder(root, folder, place)
            else:
                yield from _single_files(root, folder, place, files)


def _again(place: Path, seen: set[Path]) -> bool:
    real = Path(os.path.realpath(place))
    known = real in seen
    seen.add(real)
    return known


def _single_files(root: str, top: Path, place: Path, names: Iterable[str]) -> Iterator[FoundModel]:
    for path in (place / name for name in sorted(names) if name.lower().endswith(WEIGHTS)):
        if path.is_file():
            yield FoundModel(_reference(root, top, path), path.suffix[1:].lower(), *_measured(path))


def _measured(path: Path, *files: Path) -> tuple[int, Path, int]:
    """Return the bytes of a model, its path, and when it was changed last."""
    nbytes = newest = 0
    for file in files or (path,):
        with suppress(OSError):  # gone since it was found, or not to be seen
            status = file.stat()
            nbytes, newest = nbytes + status.st_size, max(newest, status.st_mtime_ns)
    return nbytes, path, newest


def _folder(root: str, top: Path, place: Path) -> FoundModel:
    try:
        index = json.loads((place / INDEX).read_text(encoding="utf-8"))
        kind = str(index["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        kind = "unreadable"
    files = [path for path in place.rglob("*") if path.is_file()]
    return FoundModel(_reference(root, top, place), kind, *_measured(place, *files))


def _reference(root: str, top: Path, path: Path) -> str:
    return f"{root}:{path.relative_to(top).as_posix()}"
