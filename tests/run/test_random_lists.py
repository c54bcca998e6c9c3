"""Random graphs with lists, sequences, loops and failures, beside plain Python that says what must come out."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import invariants
import plain_pack
import pytest
from documents import GROW, SQUARE, link
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphengine.app import Engine, load_settings
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.executors.thread import ThreadExecutor
from graphengine.run.messages import Event, TaskFailed, TaskStarted
from graphengine.run.phase import Reaction
from graphengine.run.state import RunState
from graphengine.workflow.parse import workflow_from

EXAMPLES = int(os.environ.get("GRAPHENGINE_EXAMPLES", "1000")) // 4
BAD = 13.0

Value = Any
Source = tuple[str, str, Value]  # its address, its kind, and what must come from it


class Broken(Exception):
    """What cannot be computed, because a node on the way fails."""


class Model:
    """Builds a document and, beside it, what each of its values must be."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.nodes: dict[str, Any] = {}
        self.sources: list[Source] = []
        self.length = draw(st.integers(0, 3))

    def number(self) -> float:
        return float(self.draw(st.integers(0, 9)))

    def pick(self, kinds: str) -> Source | None:
        fitting = [each for each in self.sources if each[1] in kinds]
        return self.draw(st.sampled_from(fitting)) if fitting else None

    def node(self, type_: str, inputs: dict[str, Any], output: str, kind: str, value: Value, **rest: Any) -> None:
        name = f"n{len(self.nodes)}"
        self.nodes[name] = {"type": type_, "inputs": inputs, **rest}
        self.sources.append((f"{name}.{output}", kind, value))

    def leaf(self) -> None:
        match self.draw(st.sampled_from("fls")):
            case "f":
                value = self.number()
                self.node("plain.number", {"value": value}, "value", "f", value)
            case "l":
                values = [self.number() for _ in range(self.length)]
                self.node("plain.numbers", {"values": values}, "values", "l", values)
            case _:
                values = [float(each) for each in range(self.length)]
                self.node("plain.naturals", {"count": self.length}, "values", "s", values)

    def add(self) -> None:
        a, b = self.pick("fls"), self.pick("fls")
        if a is None or b is None:
            return
        kind = "s" if "s" in a[1] + b[1] else "l" if "l" in a[1] + b[1] else "f"
        count = next((each[2] for each in (a, b) if isinstance(each[2], list)), None)
        product = kind == "l" and self.draw(st.booleans())
        if any(isinstance(each[2], Broken) for each in (a, b)):
            value: Value = Broken()
        elif product:
            columns = [each[2] if isinstance(each[2], list) else [each[2]] for each in (a, b)]
            value = [x + y for x in columns[0] for y in columns[1]]
            if len(value) != self.length:
                return  # no other list pairs with it
        elif count is None:
            value = a[2] + b[2]
        else:
            columns = [each[2] if isinstance(each[2], list) else [each[2]] * len(count) for each in (a, b)]
            value = [x + y for x, y in zip(*columns, strict=True)]
        rest = {"map": "product"} if product else {}
        self.node("plain.add", {"a": link(a[0]), "b": link(b[0])}, "value", kind, value, **rest)

    def total(self) -> None:
        source = self.pick("ls")
        if source is not None:
            value = source[2] if isinstance(source[2], Broken) else sum(source[2])
            type_ = self.draw(st.sampled_from(["plain.total", "plain.sum_up"]))
            self.node(type_, {"values": link(source[0])}, "value", "f", value)

    def fail(self) -> None:
        source = self.pick("fls")
        if source is not None:
            found = source[2] if isinstance(source[2], list) else [source[2]]
            value = Broken() if BAD in found else source[2]
            self.node("plain.fail_at", {"value": link(source[0]), "bad": BAD}, "value", source[1], value)

    def square(self) -> None:
        source, plus = self.pick("l"), self.pick("f")
        if source is None or plus is None:
            return
        broken = isinstance(source[2], Broken) or (isinstance(plus[2], Broken) and source[2])
        value = Broken() if broken else [2 * (each + plus[2]) for each in source[2]]
        if not source[2] and isinstance(plus[2], Broken):
            value = []
        given = {"value": link(source[0]), "plus": link(plus[0])}
        self.node("subgraph:square", given, "sum", "l", value, map="zip")

    def grow(self) -> None:
        source = self.pick("f")
        if source is None:
            return
        value = source[2]
        if not isinstance(value, Broken):
            value += 3
            while value < 10:
                value += 3
        loop = {"while": "again", "carry": {"value": "value"}}
        self.node("subgraph:grow", {"value": link(source[0])}, "value", "f", value, loop=loop)


@st.composite
def models(draw: st.DrawFn) -> Model:
    model = Model(draw)
    for _ in range(draw(st.integers(1, 3))):
        model.leaf()
    for _ in range(draw(st.integers(1, 8))):
        draw(st.sampled_from([model.leaf, model.add, model.add, model.total, model.fail, model.square, model.grow]))()
    return model


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with TemporaryDirectory() as folder:
        yield Engine(load_settings(data_dir=Path(folder), disk_cache_bytes=0), packs=(plain_pack.PACK,))


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the whole state after every stimulus."""
    handle = RunState.handle

    def checking(self: RunState, stimulus: Any) -> Reaction:
        reaction = handle(self, stimulus)
        invariants.check(self)
        return reaction

    monkeypatch.setattr(RunState, "handle", checking)


@pytest.fixture
def threads(engine: Engine) -> Iterator[ThreadExecutor]:
    executor = ThreadExecutor(engine.registry, engine.services, {"cpu": 2})
    yield executor
    executor.close()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.sampled_from([0, 3_000, 10**9]), st.booleans(), st.booleans(), st.data())
def test_what_comes_out_is_what_python_says(
    engine: Engine,
    threads: ThreadExecutor,
    model: Model,
    cache: int,
    keep_going: bool,
    inline: bool,
    data: st.DataObject,
) -> None:
    shown = data.draw(st.lists(st.sampled_from(model.sources), min_size=1, max_size=3, unique_by=lambda each: each[0]))
    document = workflow_from(
        {
            "format": "graphengine.workflow",
            "version": 1,
            "nodes": model.nodes,
            "subgraphs": {"square": SQUARE, "grow": GROW},
            "outputs": {f"o{index}": {"from": address} for index, (address, _, _) in enumerate(shown)},
        }
    )
    vars(engine)["executor"] = InlineExecutor(engine.registry, engine.services) if inline else threads
    vars(engine)["flights"] = SingleFlight(MemoryTier(cache))
    plan = engine.plan(engine.resolve(document))

    async def go(events: list[Event]) -> Any:
        return await engine.start(document, plan, Path(), events.append, keep_going=keep_going).result()

    broken = any(isinstance(value, Broken) for _, _, value in shown)
    for _ in range(2):  # cold, and from whatever the cache has kept
        events: list[Event] = []
        result = asyncio.run(go(events))
        started = [event.task for event in events if isinstance(event, TaskStarted)]
        assert len(started) == len(set(started)), "each task starts once"
        assert result.status == ("failed" if broken else "done")
        assert broken == any(isinstance(event, TaskFailed) for event in events)
        for index, (_, _, value) in enumerate(shown):
            if isinstance(value, Broken):
                assert f"o{index}" not in result.outputs
            elif not broken or keep_going:
                assert result.outputs[f"o{index}"] == value
    if not broken and cache == 10**9:
        assert started == [], "what is cached does not run"


def test_the_model_makes_every_kind_of_node() -> None:
    """Guards the guard: a strategy that stopped making loops would prove nothing."""
    seen: set[str] = set()

    @settings(max_examples=300, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(models())
    def look(model: Model) -> None:
        seen.update(node["type"] + str(node.get("map", "")) for node in model.nodes.values())

    look()
    assert {"subgraph:squarezip", "subgraph:grow", "plain.addproduct", "plain.sum_up", "plain.fail_at"} <= seen
