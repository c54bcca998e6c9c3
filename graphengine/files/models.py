"""Which models lie under the roots: folders in the diffusers layout, and single weight files."""

import json
import os
from collections.abc import Iterator, Sequence
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
    """Yield the models under a root, in the order of their paths; what lies inside a model is not one."""
    for folder in folders:
        for here, subfolders, files in os.walk(folder, followlinks=True):
            subfolders.sort()
            place = Path(here)
            if INDEX in files:
                subfolders.clear()
                yield _folder(root, folder, place)
                continue
            for name in sorted(files):
                if name.endswith(WEIGHTS):
                    path = place / name
                    yield FoundModel(_reference(root, folder, path), "safetensors", path.stat().st_size, path)


def _folder(root: str, top: Path, place: Path) -> FoundModel:
    try:
        index = json.loads((place / INDEX).read_text(encoding="utf-8"))
        kind = str(index["_class_name"])
    except (OSError, ValueError, KeyError, TypeError):
        kind = "unreadable"
    nbytes = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return FoundModel(_reference(root, top, place), kind, nbytes, place)


def _reference(root: str, top: Path, path: Path) -> str:
    return f"{root}:{path.relative_to(top).as_posix()}"
