"""What the engine costs per node, beside dask's threaded scheduler and a bare networkx loop, in one run."""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import dask.threaded
import networkx as nx
import plain_pack
from documents import Nodes, link, workflow
from figures import ROUNDS, in_turn, median

from graphengine.app import Engine, load_settings
from graphengine.node.context import RunInfo
from graphengine.plan.plan import Plan
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.cache.tier import Tier
from graphengine.run.executors.base import Executor
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.lanes import Lanes
from graphengine.run.runner import Run, RunOptions
from graphengine.workflow.document import Workflow
from graphengine.workflow.parse import parse_workflow

WIDTH = 1_000


def chain(length: int) -> Workflow:
    nodes: Nodes = {"n0": ["plain.number", {"value": 1.0}]}
    for index in range(1, length):
        nodes[f"n{index}"] = ["plain.pass", {"value": link(f"n{index - 1}.value")}]
    return workflow(nodes, outputs={"end": {"from": f"n{length - 1}.value"}})


def fan(width: int) -> Workflow:
    """One number into ``width`` nodes; every one of them is a target."""
    nodes: Nodes = {"n0": ["plain.number", {"value": 1.0}]}
    nodes |= {f"n{index}": ["plain.pass", {"value": link("n0.value"), "tag": index}] for index in range(1, width)}
    return workflow(nodes)


def dask_graph(document: Workflow) -> Mapping[str, Any]:
    def value(name: str) -> Any:
        source = document.nodes[name].inputs["value"]
        return (_same, source["$link"].partition(".")[0] if isinstance(source, dict) else source)

    return {name: value(name) for name in document.nodes}


def _same(value: float) -> float:
    return value


def networkx_loop(document: Workflow) -> Callable[[], None]:
    """The least that anybody could do: a topological loop that calls the functions."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(document.nodes)
    for name, node in document.nodes.items():
        source = node.inputs["value"]
        if isinstance(source, dict):
            graph.add_edge(str(source["$link"]).partition(".")[0], name)

    def run() -> None:
        values: dict[str, float] = {}
        for name in nx.topological_sort(graph):
            needs = list(graph.predecessors(name))
            values[name] = _same(values[needs[0]] if needs else 1.0)

    return run


class Bench:
    """One engine with plain nodes, and what it takes to run things on it."""

    def __init__(self) -> None:
        self.engine = Engine(load_settings(disk_cache_bytes=0), packs=(plain_pack.PACK,))
        self.inline = InlineExecutor(self.engine.registry, self.engine.services)

    def plan(self, document: Workflow) -> Plan:
        return self.engine.plan(self.engine.resolve(document))

    def run(self, plan: Plan, executor: Executor, cache: Tier) -> None:
        async def go() -> None:
            options = RunOptions(Lanes({"cpu": 2}), Path("unused"))
            events: list[object] = []
            run = Run(plan, RunInfo("bench", "", {}), executor, SingleFlight(cache), options, events.append)
            assert (await run.result()).status == "done"

        asyncio.run(go())

    def from_document(self, document: Workflow) -> None:
        self.run(self.plan(document), self.inline, MemoryTier(0))

    def cached(self, document: Workflow) -> tuple[float, float]:
        """Seconds from the JSON text to a finished, fully cached run; and of the run alone."""
        text = json.dumps(document.to_json())
        cache = MemoryTier(2**30)
        plan = self.plan(document)
        self.run(plan, self.inline, cache)
        whole = median(lambda: self.run(self.plan(parse_workflow(text)), self.inline, cache))
        return whole, median(lambda: self.run(plan, self.inline, cache))


def main() -> None:
    bench = Bench()
    print(f"no-op nodes, µs per node, median of {ROUNDS} runs; plan given, events on, nothing cached")
    print(f"{'':18}{'inline':>10}{'threads':>10}{'dask':>10}{'networkx':>10}{'threads/dask':>14}")
    for name, document in (("chain of 1,000", chain(WIDTH)), ("fan of 1,000", fan(WIDTH))):
        plan, graph = bench.plan(document), dask_graph(document)
        seconds = in_turn(
            partial(bench.run, plan, bench.inline, MemoryTier(0)),
            partial(bench.run, plan, bench.engine.executor, MemoryTier(0)),
            partial(dask.threaded.get, graph, list(graph), num_workers=2),
            networkx_loop(document),
        )
        print(f"{name:18}{''.join(f'{each / WIDTH * 1e6:10.1f}' for each in seconds)}{seconds[1] / seconds[2]:14.2f}")

    whole, run = bench.cached(chain(WIDTH))
    print("\nfully cached re-run of a chain of 1,000, µs per node")
    print(f"from the JSON text to finished {whole / WIDTH * 1e6:.1f}, of which the run {run / WIDTH * 1e6:.2f}")

    lengths = (100, 1_000, 10_000)
    seconds = in_turn(*(partial(bench.from_document, chain(length)) for length in lengths))
    slope = math.log(seconds[-1] / seconds[0]) / math.log(lengths[-1] / lengths[0])
    print("\ngrowth of resolve, plan and run over the length of a chain, µs per node")
    shown = ", ".join(f"{n}: {s / n * 1e6:.1f}" for n, s in zip(lengths, seconds, strict=True))
    print(f"{shown}; log-log slope {slope:.2f}")
    bench.engine.close()
