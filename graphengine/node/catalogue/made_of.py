"""What a catalogue was made of: when any of it changes, the catalogue is made anew.

The files of the packs and of whatever they import that nobody installed, each by size and time; what is installed, by
the names and times of its records; Python; the devices of the machine, and the variables that libraries look at.
"""

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Final

MOST_FILES: Final = 20_000
"""Whoever is made of more files is not kept: looking at them would take longer than it saves."""

_VARIABLES: Final = ("CUDA", "HF", "HIP", "HSA", "MKL", "NVIDIA", "OMP", "PYTORCH", "ROCR", "TORCH", "ZE_")
_DEVICES: Final = ("accel", "dxg", "kfd", "nvidia")
_DRIVER: Final = Path("/proc/driver/nvidia/version")
_RECORDS: Final = (".dist-info", ".egg-info", ".egg-link", ".pth")
_PASSED_OVER: Final = frozenset({"__pycache__", "node_modules"})
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class State:
    """What something was made of, at one moment.

    Attributes:
        digest: changes with it.
        newest: when the newest of its files was changed, in ns of Unix time.
    """

    digest: str
    newest: int


def state_of(trees: Iterable[Path]) -> State | None:
    """Return the state of files and folders, and of all that every catalogue is made of; None if it is too much.

    Raises:
        OSError: one of them cannot be read.
    """
    facts = [repr(each) for each in (sys.version, sys.prefix, *_installed(), *_machine())]
    newest = 0
    for path in sorted(trees):
        for name, size, time in _files(path):
            facts.append(f"{name} {size} {time}")
            newest = max(newest, time)
            if len(facts) > MOST_FILES:
                return None
    return State(blake2b("\n".join(facts).encode("utf-8", "surrogateescape"), digest_size=20).hexdigest(), newest)


def trees_of(modules: Mapping[str, ModuleType], packs: Iterable[str], folder: Path | None) -> set[Path]:
    """Return the files and folders of which loaded modules are made, those left out that are installed.

    Args:
        packs: packages that are looked at, wherever they lie.
        folder: is looked at as a whole.
    """
    own = {name.partition(".")[0] for name in packs}
    found = set() if folder is None else {folder.resolve()}
    for name in {each.partition(".")[0] for each in modules}:
        for path in _places(modules.get(name)):
            if name in own or not _is_installed(path):
                found.add(path)
    return found


def _places(module: ModuleType | None) -> Iterator[Path]:
    """Yield the folders of a package, or the file of a module."""
    file = getattr(module, "__file__", None)
    places = list(getattr(module, "__path__", [])) or ([file] if file else [])
    return (Path(place).resolve() for place in places)


def _is_installed(path: Path) -> bool:
    standard = (Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
    return not _INSTALLED.isdisjoint(path.parts) or any(path.is_relative_to(each) for each in standard)


def _installed() -> Iterator[str]:
    """Yield the records of what is installed: their names have versions, and installing again changes their times."""
    for place in sys.path:
        if os.path.isdir(place):  # noqa: PTH112 - an entry is no path of ours, and may be empty
            with os.scandir(place) as entries:
                records = [each for each in entries if each.name.endswith(_RECORDS)]
                yield from sorted(f"{each.name} {each.stat().st_mtime_ns}" for each in records)


def _machine() -> Iterator[str]:
    yield from sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith(_VARIABLES))
    if os.path.isdir("/dev"):  # noqa: PTH112 - beside scandir
        with os.scandir("/dev") as entries:
            yield from sorted(each.name for each in entries if each.name.startswith(_DEVICES))
    if _DRIVER.exists():
        yield _DRIVER.read_text()


def _files(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield each file below a folder, or a file itself, with its size and time; what is hidden or compiled is not."""
    if not path.is_dir():
        status = path.stat()
        yield str(path), status.st_size, status.st_mtime_ns
        return
    waiting, seen = [os.path.realpath(path)], set[str]()
    while waiting:
        folder = waiting.pop()
        if folder in seen:  # a link that leads back
            continue
        seen.add(folder)
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                if entry.name.startswith(".") or entry.name in _PASSED_OVER:
                    continue
                if entry.is_dir():
                    waiting.append(os.path.realpath(entry.path))
                else:
                    status = entry.stat()
                    yield entry.path, status.st_size, status.st_mtime_ns
