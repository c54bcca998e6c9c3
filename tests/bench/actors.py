"""What a call in an actor of Ray costs, beside plain tasks of Ray, in one run."""

from pathlib import Path
from typing import Any

import fault_pack
import plain_pack
import ray
from desk import Desk
from figures import ROUNDS, in_turn

from graphengine.node.pack import PackSource, ServiceOptions
from graphengine.node.registry import Registry
from graphengine.run.executors.ray.executor import RayExecutor

CALLS = 200
MEGABYTES = 64
SLOTS = 2


@ray.remote
def _same(value: float) -> float:
    return value


@ray.remote
def _make(size: int) -> bytes:
    return bytes([1]) * size


@ray.remote
def _total(data: bytes) -> int:
    return data[0] + data[-1]


class Peers:
    """Our actors and room for as many tasks, in one cluster."""

    def __init__(self) -> None:
        ray.init("local", num_cpus=2 * SLOTS, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        registry = Registry((plain_pack.PACK, fault_pack.PACK))
        source = PackSource(installed=(), modules=("plain_pack", "fault_pack"))
        self.ours = RayExecutor(registry, source, ServiceOptions(), {"cpu": SLOTS})
        self.desk = Desk(self.ours, Path("unused"), previews=False)

    def close(self) -> None:
        self.ours.close()
        ray.shutdown()

    def ours_in_turn(self) -> None:
        for _ in range(CALLS):
            self.desk.call(plain_pack.passed, value=1.0)

    def theirs_in_turn(self) -> None:
        for _ in range(CALLS):
            ray.get(_same.remote(1.0))

    def ours_at_once(self) -> None:
        for each in [self.desk.start(plain_pack.passed, value=1.0) for _ in range(CALLS)]:
            each.outcome()

    def theirs_at_once(self) -> None:
        ray.get([_same.remote(1.0) for _ in range(CALLS)])

    def ours_large(self) -> None:
        made: Any = self.desk.call(fault_pack.bulk, size=MEGABYTES * 2**20, fill=1)
        self.desk.call(fault_pack.total, made.handles)

    def theirs_large(self) -> None:
        ray.get(_total.remote(_make.remote(MEGABYTES * 2**20)))


def main() -> None:
    """Print the figures."""
    peers = Peers()
    print(f"\nno-op calls in {SLOTS} actors of Ray, µs per call, median of {ROUNDS} rounds of {CALLS}")
    print(f"{'':18}{'ours':>10}{'Ray tasks':>10}{'ours/tasks':>14}")
    for name, ours, theirs in (
        ("one after another", peers.ours_in_turn, peers.theirs_in_turn),
        ("all at once", peers.ours_at_once, peers.theirs_at_once),
    ):
        us, them = (seconds / CALLS * 1e6 for seconds in in_turn(ours, theirs))
        print(f"{name:18}{us:10.0f}{them:10.0f}{us / them:14.2f}")
    us, them = in_turn(peers.ours_large, peers.theirs_large)
    print(f"\n{MEGABYTES} MB made by one call and read by the next, MB/s")
    print(f"{'':18}{MEGABYTES / us:10.0f}{MEGABYTES / them:10.0f}{them / us:14.2f}")
    peers.close()
