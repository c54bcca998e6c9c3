"""Packs: sets of nodes, types and services, found by entry point or in a folder. A bad pack is loud."""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

from graphengine.errors import PackError
from graphengine.models.use import DeviceUse
from graphengine.node.declare import SPEC_ATTRIBUTE
from graphengine.node.spec import NodeSpec
from graphengine.types.assign import Conversion
from graphengine.types.socket_type import SocketType

ENTRY_POINT_GROUP = "graphengine.packs"
FOLDER_MODULE = "graphengine_pack_"
"""How the modules are called that a folder brings: they are there once the folder is read, and cannot be imported."""

_BROKEN = (Exception, SystemExit)  # what importing may raise: scripts that are no packs like to exit


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What the machine gives to the services of one process.

    Attributes:
        device: where models compute; empty is the best there is.
        model_bytes: what weights may take on the device.
        model_host_bytes: what they may take in the host's memory beside that, if the device has memory of its own.
    """

    device: str = ""
    model_bytes: int = 8 * 2**30
    model_host_bytes: int = 8 * 2**30

    def shared(self, processes: int) -> "ServiceOptions":
        """Return the share of each of several processes that compute on the device at once."""
        model_bytes, model_host_bytes = self.model_bytes // processes, self.model_host_bytes // processes
        return replace(self, model_bytes=model_bytes, model_host_bytes=model_host_bytes)


@dataclass(frozen=True, slots=True)
class Service:
    """Something that nodes share in one process, such as the pool of loaded models."""

    python: type
    create: Callable[[ServiceOptions], Any]


@runtime_checkable
class Foresight(Protocol):
    """What a service may offer beside what nodes do with it: to prepare for calls that will come."""

    def expect(self, values: Sequence[Any]) -> None:
        """Take note that calls with ``values`` will come soon: values of types that are marked as ``weights``.

        A hint: the calls may never come, and come too if nothing was prepared. It returns at once.
        """
        ...


@runtime_checkable
class Gauge(Protocol):
    """What a service may offer beside: to tell what is in use of the memory that it looks after."""

    def take(self) -> DeviceUse | None:
        """Return what was in use since the last time this was asked; None if nothing was. It is quick."""
        ...


@runtime_checkable
class Closes(Protocol):
    """What a service may offer beside: to end what it does by itself."""

    def close(self) -> None:
        """End threads and free what is held; no call runs any more."""
        ...


def _no_environment(_: ServiceOptions) -> str:
    return ""


def _no_facts(_: ServiceOptions) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack brings.

    Attributes:
        package: the importable package whose modules hold its nodes.
        roots: folders with files that come with the pack, by the root's name.
        environment: what the results of its nodes depend on beside their inputs, in words: versions of libraries,
            the kind of device. It is part of their fingerprints.
        facts: the same by name, and what else may change a bit of a result: the card, how many threads. Locks say it.
    """

    name: str
    package: str
    types: tuple[SocketType, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    services: tuple[Service, ...] = ()
    roots: Mapping[str, Path] = field(default_factory=dict)
    environment: Callable[[ServiceOptions], str] = _no_environment
    facts: Callable[[ServiceOptions], Mapping[str, str]] = _no_facts

    def specs(self) -> Iterator[NodeSpec]:
        """Import every module of the package and yield the nodes declared in it.

        Raises:
            PackError: a module cannot be imported; the message names it and says why.
        """
        for module in self._modules():
            for thing in vars(module).values():
                spec = getattr(thing, SPEC_ATTRIBUTE, None)
                if isinstance(spec, NodeSpec) and thing.__module__ == module.__name__:
                    yield spec

    def _modules(self) -> Iterator[ModuleType]:
        package = _import(self.package, self.name)
        yield package
        for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{self.package}."):
            yield _import(found.name, self.name)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pack that is not loaded yet.

    Attributes:
        key: no other of the same source has it.
        load: imports it; raises ``PackError`` if it cannot be loaded.
    """

    key: str
    load: Callable[[], Pack]


@dataclass(frozen=True, slots=True)
class PackSource:
    """Where packs come from: small and plain, so that another process can load the same ones.

    Attributes:
        installed: the names of installed packs; None is all of them.
        folder: holds packs beside the installed ones.
        modules: importable modules that hold a pack as ``PACK``.
        without: the keys of packs that are left out, as they cannot be loaded.
    """

    installed: tuple[str, ...] | None = None
    folder: Path | None = None
    modules: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def candidates(self) -> Sequence[Candidate]:
        """Return the packs that there are, in the order in which they are loaded; nothing is imported.

        Raises:
            PackError: one that is named is not there.
        """
        if self.folder is not None and not self.folder.is_dir():
            raise PackError(f"the pack folder {self.folder} is not there")
        found = [
            Candidate(f"installed:{each.name}", partial(_installed_pack, each)) for each in _entries(self.installed)
        ]
        for name, source in [] if self.folder is None else _sources(self.folder):
            found.append(Candidate(f"folder:{name}", partial(_folder_pack, name, source)))
        found += [Candidate(f"module:{name}", partial(_module_pack, name)) for name in self.modules]
        return [each for each in found if each.key not in self.without]

    def load(self) -> Iterator[Pack]:
        """Yield the packs.

        Raises:
            PackError: a pack cannot be loaded.
        """
        for candidate in self.candidates():
            yield candidate.load()


def installed_packs(wanted: Collection[str] | None = None) -> Iterator[Pack]:
    """Yield the packs that installed distributions announce by entry point, in the order of their names.

    Args:
        wanted: the names of the packs to load; without it, all.

    Raises:
        PackError: a wanted pack is not installed, an entry point cannot be loaded, or is not a Pack.
    """
    for entry in _entries(wanted):
        yield _installed_pack(entry)


def folder_packs(folder: Path) -> Iterator[Pack]:
    """Yield a pack for each Python file or package directly in ``folder``.

    A file may define ``PACK``; without one its nodes are taken as they are.

    Raises:
        PackError: a file cannot be imported.
    """
    for name, source in _sources(folder):
        yield _folder_pack(name, source)


def _entries(wanted: Collection[str] | None) -> Iterator[EntryPoint]:
    entries = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
    unknown = set(wanted or ()) - entries.keys()
    if unknown:
        raise PackError(f"no pack {min(unknown)!r} is installed; there is {', '.join(sorted(entries))}")
    return (entries[name] for name in sorted(entries) if wanted is None or name in wanted)


def _sources(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        if source.suffix == ".py" and source.is_file() and not path.name.startswith((".", "_")):
            yield path.stem, source


def _installed_pack(entry: EntryPoint) -> Pack:
    try:
        pack = entry.load()
    except _BROKEN as error:
        raise PackError(f"pack {entry.name!r} ({entry.value}) cannot be loaded: {error!r}") from error
    if not isinstance(pack, Pack):
        raise PackError(f"pack {entry.name!r} ({entry.value}) is not a Pack")
    return pack


def _module_pack(name: str) -> Pack:
    pack = getattr(_import(name, name), "PACK", None)
    if not isinstance(pack, Pack):
        raise PackError(f"module {name!r} holds no PACK")
    return pack


def _folder_pack(name: str, source: Path) -> Pack:
    module_name = f"{FOLDER_MODULE}{name}"
    search = [str(source.parent)] if source.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(module_name, source, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise PackError(f"pack {name!r} ({source}) is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except _BROKEN as error:
        del sys.modules[module_name]
        raise PackError(f"pack {name!r} ({source}) cannot be loaded: {error!r}") from error
    pack = getattr(module, "PACK", None)
    return pack if isinstance(pack, Pack) else Pack(name=name, package=module_name)


def _import(name: str, pack: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except _BROKEN as error:
        raise PackError(f"pack {pack!r}: module {name!r} cannot be imported: {error!r}") from error
