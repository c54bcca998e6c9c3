"""A family of models that are a few bytes each, and a device that is none: what tests of the pool move about."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import torch
from safetensors.torch import save_file
from torch import nn

from graphengine.diffusion.families.family import Detected
from graphengine.diffusion.loaded import Loaded
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.refs import Patch, VaeRef, WeightsRef
from graphengine.diffusion.weights import read_tensors
from graphengine.errors import OutOfMemory
from graphengine.files.roots import File

CPU = torch.device("cpu")


class Clock:
    """Stands for the module ``time``: time passes only when a fake says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Lump(nn.Module):
    """A module that is only its weights."""

    def __init__(self, name: str, weights: torch.Tensor) -> None:
        super().__init__()
        self.name = name
        self.weights = nn.Parameter(weights)


@dataclass(frozen=True)
class Lumps:
    """What the fake family loads."""

    module: Lump

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        return (self.module,)


class FakeFamily:
    """Loads lumps, and notes what it loads and what is alive.

    Attributes:
        seconds: what loading a file takes by the clock, by its name.
        gates: what loading a file waits for, by its name.
        faults: what loading a file raises, by its name.
        loads: the names of what was loaded, in order.
        overlapped: what was loaded while another was.
    """

    name = "fake"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.seconds: dict[str, float] = {}
        self.gates: dict[str, threading.Event] = {}
        self.faults: dict[str, Exception] = {}
        self.loads: list[str] = []
        self.begun: list[str] = []
        self.overlapped: list[str] = []
        self.alive: WeakKeyDictionary[Lump, str] = WeakKeyDictionary()
        self._busy = threading.Lock()

    def half(self, part: str) -> torch.dtype:
        return torch.float16

    def detect(self, source: Any) -> Detected | None:
        return None

    def load(self, ref: WeightsRef, source: Any, dtype: torch.dtype) -> Loaded:
        name = source.path.stem
        self.begun.append(name)
        if not self._busy.acquire(blocking=False):
            self.overlapped.append(name)
            self._busy.acquire()
        try:
            return self._load(name, source)
        finally:
            self._busy.release()

    def _load(self, name: str, source: Any) -> Loaded:
        self.clock.now += self.seconds.get(name, 0.0)
        if name in self.gates:
            assert self.gates[name].wait(10)
        if name in self.faults:
            raise self.faults[name]
        lump = Lump(name, read_tensors(source, "")["weights"].clone())
        self.alive[lump] = name
        self.loads.append(name)
        return Lumps(lump)


class FakeAccelerator:
    """A device with memory of its own, of which there may be too little.

    Attributes:
        room: bytes that there are in truth.
        host_room: the same on the host, for what comes back.
        scratch: bytes beside modules that were there.
        there: the modules on the device.
        moves: what was moved where, in order.
    """

    apart = True

    def __init__(self, room: float = float("inf"), host_room: float = float("inf"), pause: float = 0.0) -> None:
        self.room = room
        self.host_room = host_room
        self.pause = pause
        self.scratch = 0
        self.there: WeakKeyDictionary[Lump, int] = WeakKeyDictionary()
        self.moves: list[tuple[str, str]] = []
        self._busy = threading.Lock()

    def used(self) -> int:
        return sum(dict(self.there).values())

    def bring(self, loaded: Any, dtype: torch.dtype) -> None:
        with self._alone():
            nbytes = loaded.module.weights.nbytes
            if self.used() + nbytes > self.room:
                raise OutOfMemory("the fake device is full")
            time.sleep(self.pause)
            self.there[loaded.module] = nbytes
            self.moves.append((loaded.module.name, "device"))

    def stow(self, loaded: Any) -> None:
        with self._alone():
            if loaded.module.weights.nbytes > self.host_room:
                raise OutOfMemory("the fake host is full")
            time.sleep(self.pause)
            del self.there[loaded.module]
            self.moves.append((loaded.module.name, "host"))

    def tidy(self) -> None:
        pass

    def most(self) -> int:
        return self.used() + self.scratch

    def capacity(self) -> int:
        return 10_000

    def busy(self) -> bool:
        return self._busy.locked()

    def _alone(self) -> Any:
        assert not self._busy.locked(), "one thing at a time goes over the way"
        return self._busy


def more(ref: WeightsRef, loaded: Any, patch: Patch) -> Any:
    """Put as many bytes as the patch is strong beside what there is."""
    loaded.module.extra = nn.Parameter(torch.zeros(int(patch.strength) // 4))
    return loaded


def other(ref: WeightsRef, loaded: Any, patch: Patch) -> Any:
    """Put others in the place of all weights."""
    loaded.module.weights = nn.Parameter(loaded.module.weights.detach() * patch.strength)
    return loaded


@dataclass
class Stage:
    """A pool of fake models of given sizes, by name."""

    folder: Path
    family: FakeFamily
    pool: ModelPool
    way: FakeAccelerator | None

    def ref(self, name: str, nbytes: int = 400) -> VaeRef:
        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            save_file({"weights": torch.arange(nbytes // 4, dtype=torch.float32)}, path)
        return VaeRef(File(path.name, path, name), "fake", "lump")

    def touch(self, *names: str) -> None:
        """Use models for a moment, one after the other."""
        for name in names:
            with self.pool.use(self.ref(name)) as loaded:
                assert self.way is None or loaded.module in self.way.there

    def loads(self) -> Counter[str]:
        return Counter(self.family.loads)

    def on_device(self) -> set[str]:
        lumps = self.family.alive if self.way is None else self.way.there
        return {lump.name for lump in list(lumps)}

    def on_host(self) -> set[str]:
        return {lump.name for lump in list(self.family.alive)} - self.on_device()


def make_stage(
    folder: Path,
    clock: Clock,
    budget: int | None = None,
    host_budget: int | None = None,
    way: FakeAccelerator | None = None,
) -> Stage:
    """Return a stage with a device of its own, or, without a way there, on the host."""
    family = FakeFamily(clock)
    families: Any = {"fake": family}
    patchers = {"more": more, "other": other}
    pool = ModelPool(CPU, budget, host_budget=host_budget, families=families, patchers=patchers, transport=way)
    return Stage(folder, family, pool, way)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.002)


def background_threads() -> list[threading.Thread]:
    """Return the threads that prefetch."""
    return [thread for thread in threading.enumerate() if thread.name == "graphengine-prefetch"]


def settle() -> None:
    """Wait until all prefetches are through."""
    for thread in background_threads():
        with suppress(RuntimeError):
            thread.join(10)
