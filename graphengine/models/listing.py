"""Which models lie under the roots: folders in the diffusers layout, and single weight files."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

INDEX = "model_index.json"
WEIGHTS = ".safetensors"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model that a document can name by ``reference``; ``kind`` is the pipeline's class or the format."""

    reference: str
    kind: str
    nbytes: int
    path: Path


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
            subfolders.sort()
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
    for path in (place / name for name in sorted(names) if name.endswith(WEIGHTS)):
        if path.is_file():
            yield FoundModel(_reference(root, top, path), "safetensors", _size(path), path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone since it was found, or not to be seen
        return 0


def _folder(root: str, top: Path, place: Path) -> FoundModel:
    try:
        index = json.loads((place / INDEX).read_text(encoding="utf-8"))
        kind = str(index["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        kind = "unreadable"
    nbytes = sum(_size(path) for path in place.rglob("*") if path.is_file())
    return FoundModel(_reference(root, top, place), kind, nbytes, place)


def _reference(root: str, top: Path, path: Path) -> str:
    return f"{root}:{path.relative_to(top).as_posix()}"
