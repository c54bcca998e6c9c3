"""Loading packs in a process of their own, and coming back with their catalogue: whatever they do meanwhile."""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from graphengine.errors import PackError
from graphengine.node.catalogue.child import LENGTH
from graphengine.node.catalogue.kept import Kept
from graphengine.node.catalogue.read import WrittenRegistry
from graphengine.node.catalogue.written import Written, digest_of
from graphengine.node.pack import PackSource, ServiceOptions

PATIENCE: Final = 120.0
"""The seconds that one pack may take to be imported."""

_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from graphengine.node.catalogue.child import main; main({end})"
_PIECE: Final = 2**20
_STDERR: Final = 2


@dataclass(frozen=True, slots=True)
class PackFault:
    """A pack that is left out.

    Attributes:
        pack: its key in the source.
        message: why, for the owner of the machine: it may name files.
        reason: the same in a few words, for everybody.
    """

    pack: str
    message: str
    reason: str

    @property
    def name(self) -> str:
        """The name of the pack."""
        return name_of(self.pack)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What packs bring.

    Attributes:
        digest: of the registry, as every process that loads the same packs finds it.
        source: where these packs come from, without those that are left out.
        faults: the packs that are left out.
        kept: whether it was found on the disk: then no pack was loaded.
    """

    registry: WrittenRegistry
    digest: str
    source: PackSource
    faults: tuple[PackFault, ...] = ()
    kept: bool = False


class Loader:
    """Finds the catalogue of a source.

    Args:
        folder: where catalogues are kept.
        patience: the seconds that one pack may take.
    """

    def __init__(self, source: PackSource, options: ServiceOptions, folder: Path, patience: float = PATIENCE) -> None:
        self._source = source
        self._options = options
        self._patience = patience
        self._kept = Kept(folder, source, options)
        self._process: _Process | None = None
        self._closed = threading.Event()

    def load(self) -> Catalogue:
        """Return the catalogue: the one that is kept, if it is still true, or a new one.

        A pack that raises, hangs or ends its process is left out, and the others are loaded.

        Raises:
            PackError: a pack that is named is not there, no process can be started, or the loader was closed.
        """
        found = self._kept.find()
        if found is not None:
            with suppress(KeyError, TypeError, ValueError):  # of another version
                return Catalogue(WrittenRegistry(found), digest_of(found), self._source, kept=True)
        self._source.candidates()  # what is named and is not there is nobody's fault but the owner's
        faults: tuple[PackFault, ...] = ()
        while True:
            source = replace(self._source, without=tuple(fault.pack for fault in faults))
            began = time.time_ns()
            told, ended = self._try(source)
            faults += told.faults
            if told.registry is not None:
                if not faults:  # who is at fault may not be the next time
                    self._kept.keep(told.registry, told.trees, began)
                source = replace(source, without=tuple(fault.pack for fault in faults))
                registry = WrittenRegistry(told.registry, tuple(fault.name for fault in faults))
                return Catalogue(registry, digest_of(told.registry), source, faults)
            if not told.loading:
                raise PackError(f"the packs cannot be loaded: {ended}")
            faults += (PackFault(told.loading, f"pack {name_of(told.loading)!r} cannot be loaded: {ended}", ended),)

    def forget(self) -> None:
        """Let the catalogue be made anew the next time."""
        self._kept.forget()

    def close(self) -> None:
        """End the process, if one runs; from any thread."""
        self._closed.set()
        if self._process is not None:
            self._process.kill()

    def _try(self, source: PackSource) -> tuple["_Told", str]:
        """Load packs in a new process; return what it told, and how it ended."""
        if self._closed.is_set():
            raise PackError("the packs are not needed any more")
        told = _Told()
        process = self._process = _Process(source, self._options, self._patience)
        late = ""
        if self._closed.is_set():  # meanwhile
            process.kill()
        try:
            for message in process.messages():
                told.take(message)
        except TimeoutError:
            late = f"it takes more than {self._patience:g} s"
        finally:
            ended = process.end()
        if self._closed.is_set():
            raise PackError("the packs are not needed any more")
        return told, late or ended


def name_of(key: str) -> str:
    """Return the name in the key of a pack."""
    return key.partition(":")[2]


class _Told:
    """What a process told of the packs that it loads."""

    def __init__(self) -> None:
        self.loading = ""
        self.faults: tuple[PackFault, ...] = ()
        self.registry: Written | None = None
        self.trees: set[Path] = set()

    def take(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"loading": key}:
                self.loading = key
            case {"fault": fault}:
                self.faults += (PackFault(**fault),)
            case {"registry": registry, "trees": trees}:
                self.registry, self.trees = registry, set(map(Path, trees))


class _Process:
    """A process that loads packs, in a group of its own: a kill takes along what packs have started."""

    def __init__(self, source: PackSource, options: ServiceOptions, patience: float) -> None:
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(PATIENCE)  # before the first pack
        self._patience = patience
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the program is ours
                [sys.executable, "-c", _PROGRAM.format(path=sys.path, end=theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=_STDERR,  # what packs print is no result of ours
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            self._channel.close()
            raise PackError(f"no process can be started to load the packs: {error.strerror}") from None
        finally:
            theirs.close()
        asked = pickle.dumps((source, options))
        with suppress(OSError):  # it is gone already, which is told below
            self._channel.sendall(LENGTH.pack(len(asked)) + asked)

    def messages(self) -> Iterator[Mapping[str, Any]]:
        """Yield what it says, until it hangs up.

        Raises:
            TimeoutError: it says nothing for too long.
        """
        rest = b""
        while piece := self._receive():
            self._channel.settimeout(self._patience)
            *lines, rest = (rest + piece).split(b"\n")
            yield from map(json.loads, lines)

    def kill(self) -> None:
        """End it, and those it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> str:
        """See to it that it is over, and return how it ended."""
        self.kill()
        code = self._process.wait()
        self._channel.close()
        return f"it died of {signal.Signals(-code).name}" if code < 0 else f"it ended its process with exit code {code}"

    def _receive(self) -> bytes:
        try:
            return self._channel.recv(_PIECE)
        except ConnectionError:
            return b""
