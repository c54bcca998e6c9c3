"""What a call in a worker process costs, beside the standard library's pool of processes, in one run."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import fault_pack
import plain_pack
from desk import Desk
from engine import ROUNDS, median

from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.process.executor import ProcessExecutor

CALLS = 500
MEGABYTES = 64
SLOTS = 2


def _same(value: float) -> float:
    return value


def _make(size: int) -> bytearray:
    return bytearray([1]) * size


def _total(data: bytearray) -> int:
    return data[0] + data[-1]


class Peers:
    """Our workers and those of the standard library, as many of each, warm."""

    def __init__(self) -> None:
        registry = Registry((plain_pack.PACK, fault_pack.PACK))
        source = PackSource(installed=(), modules=("plain_pack", "fault_pack"))
        self.ours = ProcessExecutor(registry, source, ServiceOptions(), {"cpu": SLOTS})
        self.desk = Desk(self.ours, Path("unused"), previews=False)
        self.theirs = ProcessPoolExecutor(SLOTS, get_context("spawn"))

    def close(self) -> None:
        self.ours.close()
        self.theirs.shutdown()

    def ours_in_turn(self) -> None:
        for _ in range(CALLS):
            self.desk.call(plain_pack.passed, value=1.0)

    def theirs_in_turn(self) -> None:
        for _ in range(CALLS):
            self.theirs.submit(_same, 1.0).result()

    def ours_at_once(self) -> None:
        for each in [self.desk.start(plain_pack.passed, value=1.0) for _ in range(CALLS)]:
            each.outcome()

    def theirs_at_once(self) -> None:
        for each in [self.theirs.submit(_same, 1.0) for _ in range(CALLS)]:
            each.result()

    def ours_large(self) -> None:
        made: Any = self.desk.call(fault_pack.bulk, size=MEGABYTES * 2**20, fill=1)
        self.desk.call(fault_pack.total, made.handles)

    def theirs_large(self) -> None:
        made = self.theirs.submit(_make, MEGABYTES * 2**20).result()
        self.theirs.submit(_total, made).result()


def main() -> None:
    """Print the figures."""
    peers = Peers()
    print(f"\nno-op calls in {SLOTS} worker processes, µs per call, median of {ROUNDS} rounds of {CALLS}")
    print(f"{'':18}{'ours':>10}{'stdlib':>10}{'ours/stdlib':>14}")
    for name, ours, theirs in (
        ("one after another", peers.ours_in_turn, peers.theirs_in_turn),
        ("all at once", peers.ours_at_once, peers.theirs_at_once),
    ):
        us, them = median(ours) / CALLS * 1e6, median(theirs) / CALLS * 1e6
        print(f"{name:18}{us:10.1f}{them:10.1f}{us / them:14.2f}")
    us, them = median(peers.ours_large), median(peers.theirs_large)
    print(f"\n{MEGABYTES} MB made by one call and read by the next, MB/s")
    print(f"{'':18}{MEGABYTES / us:10.0f}{MEGABYTES / them:10.0f}{us / them:14.2f}")
    peers.close()
