"""Many threads and little room: budgets hold, nothing is made twice at a time, and everybody gets through."""

import gc
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from fake_models import FakeAccelerator, Lump, Stage, settle

from graphengine.errors import ModelRefused, OutOfMemory

pytestmark = pytest.mark.torch

SIZES = {f"m{number}": size for number, size in enumerate((40, 80, 120, 200, 400, 600, 600, 800, 1200, 20))}
BROKEN = "m9"
LARGEST = max(SIZES.values())
THREADS = 6
SECONDS = 0.4 * int(os.environ.get("GRAPHENGINE_TRIALS", "1"))


class Crowd:
    """Threads that do what comes to their minds with one pool, and look whether it keeps its word.

    Attributes:
        ahead: bytes that may be on their way without anybody who waits for them: one prefetch at a time.
    """

    def __init__(self, stage: Stage, budget: int, host_budget: int, ahead: int) -> None:
        self.stage = stage
        self.budget = budget
        self.host_budget = host_budget
        self.ahead = ahead
        self.end = time.monotonic() + SECONDS
        self.uses = 0
        self.highest = 0
        self._lock = threading.Lock()
        self._users: dict[str, list[Lump]] = {name: [] for name in SIZES}
        self._wanted = 0  # bytes of what is in use, about to be, or just let go of

    def run(self, seed: int) -> None:
        source = random.Random(seed)
        while time.monotonic() < self.end:
            self.act(source, depth=0)

    def act(self, source: random.Random, depth: int) -> None:
        names = source.sample(sorted(SIZES), 2)
        refs = [self.stage.ref(name, SIZES[name]) for name in names]
        match source.randrange(20):
            case 0:
                self.stage.pool.clear()
            case 1 | 2 if self.ahead:
                self.stage.pool.prefetch(refs[0])
            case 3 | 4 if self.ahead:
                self.stage.pool.expect(refs)
            case 5 if depth < 2:
                with self.stage.pool.keep(*refs):
                    self.act(source, depth + 1)
            case _:
                self.use(source, names[0], depth)

    def use(self, source: random.Random, name: str, depth: int) -> None:
        self.want(SIZES[name])
        try:
            with self.stage.pool.use(self.stage.ref(name, SIZES[name])) as loaded:
                module = loaded.module
                self.share(name, module)
                if depth < 2 and source.random() < 0.3:
                    self.act(source, depth + 1)
                time.sleep(source.choice((0, 0, 0.001)))
                self.look()
                assert self.stage.way is None or module in self.stage.way.there
                self.leave(name)
                if source.random() < 0.02:
                    run_out_of_memory()
        except ModelRefused:
            assert name == BROKEN
        except OutOfMemory:
            pass
        finally:
            module = loaded = None
            self.want(-SIZES[name])

    def share(self, name: str, module: Lump) -> None:
        with self._lock:
            self._users[name].append(module)
            assert all(other is module for other in self._users[name]), "it was made twice"

    def leave(self, name: str) -> None:
        with self._lock:
            self._users[name].pop()

    def want(self, nbytes: int) -> None:
        with self._lock:
            self._wanted += nbytes
            self.uses += nbytes > 0

    def look(self) -> None:
        with self._lock:
            held, on_host = self.stage.pool.held(), self.stage.pool.held_on_host()
            assert held <= max(self.budget, self._wanted + self.ahead)
            assert on_host <= self.host_budget
            self.highest = max(self.highest, held)


def run_out_of_memory() -> None:
    raise OutOfMemory("in the middle of a call")


@pytest.mark.parametrize("ahead", [0, LARGEST], ids=["on demand", "with prefetches"])
@pytest.mark.parametrize(("budget", "host_budget"), [(1500, 1500), (700, 900), (0, 0)])
@pytest.mark.parametrize("apart", [True, False], ids=["device", "host"])
def test_a_crowd_and_little_room(
    stage: Callable[..., Stage],
    apart: bool,
    budget: int,
    host_budget: int,
    ahead: int,
    figure: Callable[[str], None],
) -> None:
    way = FakeAccelerator(room=budget + 2500, pause=0.0005) if apart else None
    made = stage(budget, host_budget, way)
    made.family.faults[BROKEN] = RuntimeError("it cannot be loaded")
    crowd = Crowd(made, budget, host_budget if apart else 0, ahead)
    with ThreadPoolExecutor(THREADS) as threads:
        runs = [threads.submit(crowd.run, seed) for seed in range(THREADS)]
        assert not wait(runs, timeout=60).not_done, "somebody waits for ever"
        for run in runs:
            run.result()
    settle()
    gc.collect()
    assert made.family.overlapped == []
    assert made.pool.held() <= budget
    assert made.pool.held() == sum(SIZES[name] for name in made.on_device())
    assert made.pool.held_on_host() == sum(SIZES[name] for name in made.on_host())
    assert not made.pool._ledger.urgent
    assert crowd.uses > 50
    loads = len(made.family.loads)
    figure(f"crowd at a pool of {budget} + {host_budget} bytes: {crowd.uses} uses, {loads} loads, most {crowd.highest}")
