"""Branches beside each other, long chains of large values, and what a changed constant costs."""

import asyncio
import time
import weakref
from functools import partial
from pathlib import Path
from typing import Any

import dask.threaded
import plain_pack
import torch
from documents import Nodes, link, workflow
from figures import in_turn
from PIL import Image as Pil
from PIL import ImageFilter

from graphengine.app import Engine, load_settings
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.node.pack import Pack, Service
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.messages import Event, TaskStarted
from graphengine.workflow.document import Workflow
from nodes import PACK

BRANCHES = 8
PAUSE = 0.2
MEGABYTES = 64


@node("bench.wait", category="bench", lane="io")
def wait(value: float, tag: int = 0) -> float:
    """Block a thread, as a download does."""
    time.sleep(PAUSE)
    return value


class Alive:
    """A service that counts the values that are alive."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def add(self, value: object) -> None:
        """Count a value as long as it lives."""
        self.now += 1
        self.most = max(self.most, self.now)
        weakref.finalize(value, self._gone)

    def _gone(self) -> None:
        self.now -= 1


@node("bench.large", category="bench")
def large(before: Image | None = None, *, alive: Alive) -> Image:
    """Make a picture of 64 MB."""
    image = Image(torch.rand(1, 4096, 1024, 4)) if before is None else Image(before.pixels / 2)
    alive.add(image.pixels)
    return image


def engine(**settings: Any) -> Engine:
    packs = (PACK, Pack(name="bench", package=__name__, services=(Service(Alive, lambda _: Alive()),)))
    return Engine(load_settings(disk_cache_bytes=0, **settings), packs=packs)


def run(made: Engine, document: Workflow, cache: int = 0) -> list[Event]:
    vars(made).setdefault("flights", SingleFlight(MemoryTier(cache)))
    events: list[Event] = []
    plan = made.plan(made.resolve(document))

    async def go() -> None:
        result = await made.start(document, plan, Path("unused"), events.append).result()
        assert result.status == "done"

    asyncio.run(go())
    return events


def branches_of_waiting() -> None:
    nodes: Nodes = {"n": ["primitive.float", {"value": 1.0}]}
    nodes |= {f"w{i}": ["bench.wait", {"value": link("n.value"), "tag": i}] for i in range(BRANCHES)}
    made, document = engine(), workflow(nodes)
    graph = {f"w{i}": (wait, 1.0, i) for i in range(BRANCHES)}
    ours, dasks = in_turn(
        partial(run, made, document), partial(dask.threaded.get, graph, list(graph), num_workers=BRANCHES)
    )
    print(f"{BRANCHES} branches of {PAUSE * 1e3:.0f} ms of waiting: {ours:.3f} s, dask threads {dasks:.3f} s")
    made.close()


def branches_of_work() -> None:
    """Blurs of Pillow, which lets other threads run meanwhile."""
    nodes: Nodes = {}
    for index in range(4):
        nodes[f"make{index}"] = ["bench.picture", {"tag": index}]
        nodes[f"blur{index}"] = ["bench.blur", {"image": link(f"make{index}.image")}]
    document = workflow(nodes)
    threads, inline = engine(cpu_slots=2), engine(cpu_slots=2)
    vars(inline)["executor"] = InlineExecutor(inline.registry, inline.services)
    beside, after = in_turn(partial(run, threads, document), partial(run, inline, document))
    print(f"4 branches of blurring, 2 cores: {beside:.2f} s, one after another {after:.2f} s: {after / beside:.2f} x")
    threads.close()


@node("bench.picture", category="bench")
def picture(tag: int = 0) -> Image:
    """Make a picture of one colour."""
    return Image(torch.full((1, 2048, 2048, 3), tag / 8))


@node("bench.blur", category="bench")
def blur(image: Image) -> Image:
    """Blur a picture on one core."""
    levels = (image.pixels[0] * 255).to(torch.uint8).numpy()
    blurred = Pil.fromarray(levels).filter(ImageFilter.GaussianBlur(25))
    return Image(torch.frombuffer(bytearray(blurred.tobytes()), dtype=torch.uint8).view(1, 2048, 2048, 3) / 255)


def long_chain() -> None:
    nodes: Nodes = {"n0": ["bench.large", {}]}
    nodes |= {f"n{i}": ["bench.large", {"before": link(f"n{i - 1}.image")}] for i in range(1, 100)}
    made = engine()
    run(made, workflow(nodes))
    print(f"a chain of 100 values of {MEGABYTES} MB: at most {made.services[Alive].most} alive")
    made.close()


def changed_constant() -> None:
    """Nine hundred and ninety-nine sums in a triangle; the constant in the middle feeds a known part of them."""
    nodes: Nodes = {"n0": ["plain.number", {"value": 1}]}
    for index in range(1, 1_000):
        nodes[f"n{index}"] = ["plain.add", {"a": link(f"n{(index - 1) // 2}.value"), "b": index}]
    made = Engine(load_settings(disk_cache_bytes=0), packs=(plain_pack.PACK,))
    run(made, workflow(nodes), cache=10**9)
    nodes["n7"][1]["b"] = 0.5
    ran = {event.task for event in run(made, workflow(nodes)) if isinstance(event, TaskStarted)}
    behind, stack = set[str](), [7]
    while stack:
        index = stack.pop()
        if index < 1_000:
            behind.add(f"n{index}")
            stack += [2 * index + 1, 2 * index + 2]
    print(f"one changed constant among 1,000 nodes: {len(ran)} run, {len(behind)} depend on it: {ran == behind}")
    made.close()


def main() -> None:
    print("\nbranches and chains, medians")
    branches_of_waiting()
    branches_of_work()
    long_chain()
    changed_constant()
