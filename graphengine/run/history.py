"""The history of workflows: what each of their nodes was made of when it last ran, in files beside the cache.

::

    <data_dir>/history/<hash of a workflow's origin>.json     the records of its nodes
    <data_dir>/history/durations.json                         what calls took lately, node by node: time and memory

A file is a checksum, a line break, and JSON. What cannot be read counts as no history: it only ever explains and
estimates. Files are replaced as a whole; of two processes that write the same one, the later wins.
"""

import logging
import os
import platform
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Literal, TypeVar

import xxhash
from pydantic import TypeAdapter, ValidationError

from graphengine.files.atomic import atomic_writer, is_leftover
from graphengine.node.footprint import Footprint
from graphengine.plan.past import Device, Past, Record, Taken
from graphengine.run.recorder import Account

_LOG = logging.getLogger(__name__)

MAX_WORKFLOWS = 1_000
MAX_NODES = 20_000
"""How many nodes of a workflow are remembered beside those of its last run."""

MAX_SAMPLES = 15
"""How many durations of a node are remembered."""

MAX_NODE_TYPES = 5_000
"""Of how many nodes, version by version, durations are remembered."""

LINGER = 0.25
"""The seconds for which the record of a run waits for others: many short runs are written down together."""

_LEFTOVER_AGE = 3_600.0  # a temporary file older than this has no writer any more


@dataclass(frozen=True, slots=True)
class _Nodes:
    """What the file of a workflow holds."""

    format: Literal["graphengine.history.1"]
    origin: str
    nodes: Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class _Durations:
    """What the file of durations holds."""

    format: Literal["graphengine.durations.1"]
    seconds: Mapping[str, list[float]] = field(default_factory=dict)
    taken: Mapping[str, list[Taken]] = field(default_factory=dict)
    device: Device | None = None
    machine: str = ""


_NODES = TypeAdapter(_Nodes)
_DURATIONS = TypeAdapter(_Durations)

Content = TypeVar("Content")
Sample = TypeVar("Sample")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A workflow of which runs are remembered: what it was called, how many nodes, and when it ran last (Unix time)."""

    origin: str
    nodes: int
    when: float
    nbytes: int
    path: Path


class History:
    """The records of earlier runs; written behind, in a thread of its own.

    Args:
        on_disk: whether a result is kept there, by fingerprint; called from that thread.
        most: how many workflows are remembered; which did not run for longest is forgotten first.
    """

    def __init__(self, folder: Path, on_disk: Callable[[str], bool], most: int = MAX_WORKFLOWS) -> None:
        self.folder = folder
        self._on_disk = on_disk
        self._most = most
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="graphengine-history")
        self._waiting: dict[str, list[Account]] = {}  # by origin
        self._hurry = threading.Event()
        self._lock = threading.Lock()
        self._told = False
        self._closed = False
        self._seen: tuple[object, _Durations] = (None, _Durations("graphengine.durations.1"))

    def past(self, origin: str) -> Past:
        """Return what is known of earlier runs of a workflow.

        Args:
            origin: what a workflow keeps while it is edited: the path of its file, or the id it is stored under.
        """
        self.drain()
        lately = self._lately()
        typical = {key: statistics.median(seconds) for key, seconds in lately.seconds.items() if seconds}
        taken = {key: most(each) for key, each in lately.taken.items() if each}
        return Past(self._records(self._file(origin)), typical, taken)

    def device(self) -> Device | None:
        """Return where models computed last on this machine, if that is known."""
        lately = self._lately()
        return lately.device if lately.machine == platform.node() else None

    def remembered(self) -> list[Remembered]:
        """Return the workflows that are remembered, the last that ran first; it reads all files."""
        found = []
        for path in self._workflows():
            content = _load(path, _NODES)
            with suppress(OSError):
                status = path.stat()
                origin, nodes = ("unreadable", 0) if content is None else (content.origin, len(content.nodes))
                found.append(Remembered(origin, nodes, status.st_mtime, status.st_size, path))
        return sorted(found, key=lambda each: each.when, reverse=True)

    def forget(self, *, before: float | None = None, origin: str | None = None) -> int:
        """Forget workflows, and return how many; without any choice all, and what calls took, too.

        Args:
            before: only those that did not run since this Unix time.
            origin: only this one.
        """
        found = [
            each
            for each in self.remembered()
            if (before is None or each.when < before) and origin in (None, each.origin)
        ]
        gone = [each.path for each in found]
        if before is None and origin is None:
            gone.append(self._durations_file)
        for path in gone:
            with suppress(OSError):
                path.unlink()
        return len(found)

    def _workflows(self) -> list[Path]:
        """Return the files of workflows."""
        with suppress(OSError), os.scandir(self.folder) as entries:
            paths = [Path(each.path) for each in entries if each.name.endswith(".json")]
            return [path for path in paths if path != self._durations_file and not is_leftover(path)]
        return []

    def remember(self, origin: str, account: Account) -> None:
        """Write down what a run did, behind; after the end nothing is taken."""
        if self._closed:
            return
        with self._lock:
            is_first = not self._waiting
            self._waiting.setdefault(origin, []).append(account)
        if is_first:
            self._writer.submit(self._write)

    def drain(self) -> None:
        """Wait until what was to be remembered is written."""
        if self._waiting and not self._closed:
            self._hurry.set()
            self._writer.submit(lambda: None).result()

    def close(self) -> None:
        """Write what waits, and end."""
        self._closed = True
        self._hurry.set()
        self._writer.shutdown()

    # -------------------------------------------------------------- in the writer's thread

    def _write(self) -> None:
        self._hurry.wait(LINGER)
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            if not self._closed:
                self._hurry.clear()
        for origin, accounts in waiting.items():
            self._remember(origin, accounts)

    def _remember(self, origin: str, accounts: Sequence[Account]) -> None:
        try:
            file = self._file(origin)
            is_new = not file.exists()
            nodes = self._records(file)
            for account, without in _without_what_follows(accounts):
                made = account.records(nodes, self._on_disk, without)
                rest = sorted((name for name in nodes if name not in made), key=lambda name: nodes[name].when)
                nodes = {**{name: nodes[name] for name in rest[-MAX_NODES:]}, **made}
            shown = origin.encode("utf-8", "backslashreplace").decode()
            _save(file, _NODES, _Nodes("graphengine.history.1", shown, nodes))
            self._add_durations(accounts)
            if is_new:
                self._forget()
            self._told = False
        except OSError as error:
            if not self._told:
                self._told = True
                _LOG.warning("the history in %s cannot be written: %s", self.folder, error)
        except Exception:  # noqa: BLE001 - logged: nobody waits for this thread, what it raises would be lost
            _LOG.exception("a run of %s is not remembered", origin)

    def _add_durations(self, accounts: Iterable[Account]) -> None:
        seconds: defaultdict[str, list[float]] = defaultdict(list)
        taken: defaultdict[str, list[Taken]] = defaultdict(list)
        known, device, machine = self._lately(), None, platform.node()
        for account in accounts:
            for key, each in account.durations().items():
                seconds[key] += (round(one, 6) for one in each)
            for key, some in account.memory().items():
                taken[key] += some
            device = account.device() or device
        if not seconds:
            return
        if device is None and known.machine == machine:
            device = known.device
        latest = _Durations(
            "graphengine.durations.1",
            _merged(known.seconds, seconds),
            _merged(known.taken, taken),
            device,
            machine,
        )
        _save(self._durations_file, _DURATIONS, latest)

    def _forget(self) -> None:
        """Remove the workflows that are too many, and what killed writers left."""
        found: list[tuple[float, Path]] = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                path = Path(entry.path)
                with suppress(OSError):
                    changed = entry.stat().st_mtime
                    if is_leftover(path) and time.time() - changed > _LEFTOVER_AGE:
                        path.unlink()
                    elif path.suffix == ".json" and path != self._durations_file:
                        found.append((changed, path))
        found.sort(reverse=True)
        for _, path in found[self._most :]:
            with suppress(OSError):
                path.unlink()

    # -------------------------------------------------------------- files

    @property
    def _durations_file(self) -> Path:
        return self.folder / "durations.json"

    def _file(self, origin: str) -> Path:
        digest = blake2b(origin.encode("utf-8", "surrogatepass"), digest_size=20)
        return self.folder / f"{digest.hexdigest()}.json"

    def _records(self, file: Path) -> Mapping[str, Record]:
        found = _load(file, _NODES)
        return {} if found is None else found.nodes

    def _lately(self) -> _Durations:
        """Return what calls took lately; read again only when the file has changed: every plan asks."""
        stamp = _stamp(self._durations_file)
        known, lately = self._seen
        if known != stamp:
            lately = _load(self._durations_file, _DURATIONS) or _Durations("graphengine.durations.1")
            self._seen = (stamp, lately)
        return lately


def most(taken: Sequence[Taken]) -> Taken:
    """Return the most of each that calls took."""
    told = [each.footprint for each in taken if each.footprint is not None]
    hosts = [each.host for each in told if each.host is not None]
    working = max((each.working for each in told), default=0)
    weights = max((each.weights for each in told), default=0)
    return Taken(max(each.result for each in taken), Footprint(max(hosts, default=None), weights, working))


def _merged(known: Mapping[str, list[Sample]], new: Mapping[str, list[Sample]]) -> Mapping[str, list[Sample]]:
    """Return the latest samples of each node, of those nodes that were called last."""
    merged: dict[str, list[Sample]] = dict(known)
    for key, samples in new.items():
        merged[key] = [*merged.pop(key, []), *samples][-MAX_SAMPLES:]  # at the end: those in front are older
    return dict(list(merged.items())[-MAX_NODE_TYPES:])


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Return what changes whenever a file is replaced; None if it is not there."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _without_what_follows(accounts: Sequence[Account]) -> Iterator[tuple[Account, AbstractSet[str]]]:
    """Yield accounts, the oldest first, each with the tasks that it need not tell of: a later one tells all of them."""
    later: set[str] = set()
    found: list[tuple[Account, AbstractSet[str]]] = []
    for account in reversed(accounts):
        found.append((account, frozenset(later)))
        later |= account.seconds.keys()
    yield from reversed(found)


def _load(file: Path, form: TypeAdapter[Content]) -> Content | None:
    """Return what a file holds, or None if it is not there, damaged, or of another format."""
    try:
        checksum, _, text = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    if checksum != _checksum(text):
        return None
    try:
        return form.validate_json(text)
    except ValidationError:
        return None


def _save(file: Path, form: TypeAdapter[Content], content: Content) -> None:
    text = form.dump_json(content, exclude_defaults=True)
    with atomic_writer(file, durable=False) as opened:
        opened.write(_checksum(text) + b"\n" + text)


def _checksum(text: bytes) -> bytes:
    return xxhash.xxh3_64_hexdigest(text).encode()
