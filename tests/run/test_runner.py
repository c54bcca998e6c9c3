"""Whole runs: the machine, the hands, real executors and the memory tier together."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import Nodes, chain, link, workflow

from graphengine.app import Engine
from graphengine.errors import EngineBug
from graphengine.run.cache.flight import SingleFlight
from graphengine.run.cache.memory import MemoryTier
from graphengine.run.executors.inline import InlineExecutor
from graphengine.run.handle import Handles
from graphengine.run.messages import (
    Event,
    Returned,
    RunFinished,
    RunStarted,
    Start,
    TaskCached,
    TaskFailed,
    TaskFinished,
    TaskProgress,
    TaskRetried,
    TaskSkipped,
    TaskStarted,
)
from graphengine.run.runner import RunResult
from graphengine.workflow.document import Workflow


class Runs:
    """Runs workflows on one engine, and keeps the events of the last run."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.events: list[Event] = []

    async def run(self, document: Workflow, **options: Any) -> RunResult:
        self.events = []
        plan = self.engine.plan(self.engine.resolve(document), options.pop("targets", None))
        return await self.engine.start(document, plan, self.folder, self.events.append, **options).result()

    def kinds(self) -> Counter[type[Event]]:
        return Counter(type(event) for event in self.events)

    def calls(self) -> list[str]:
        return [event.task for event in self.events if isinstance(event, TaskStarted)]


@pytest.fixture
def runs(engine: Engine, tmp_path: Path) -> Iterator[Runs]:
    yield Runs(engine, tmp_path / "output")
    engine.close()


SUM: Nodes = {
    "one": ["plain.number", {"value": 1}],
    "two": ["plain.number", {"value": 2}],
    "sum": ["plain.add", {"a": link("one.value"), "b": link("two.value")}],
}


async def test_a_graph_is_computed(runs: Runs) -> None:
    result = await runs.run(workflow(SUM, outputs={"total": {"from": "sum.value"}}))
    assert result == RunResult("done", {"total": 3.0})
    assert (runs.events[0], runs.events[-1]) == (RunStarted(3), RunFinished("done"))
    assert runs.kinds()[TaskFinished] == 3


async def test_a_second_run_computes_nothing(runs: Runs) -> None:
    document = workflow(SUM, outputs={"total": {"from": "sum.value"}})
    first = await runs.run(document)
    assert await runs.run(document) == first
    assert (runs.calls(), runs.kinds()[TaskCached]) == ([], 1)


async def test_after_a_restart_nothing_is_computed_again(runs: Runs, engine: Engine) -> None:
    nodes: Nodes = {f"s{i}": ["plain.steps", {"count": 1, "pause": 0.002 + i / 10_000}] for i in range(20)}
    outputs = {name: {"from": f"{name}.value"} for name in nodes}
    nodes["blob"] = ["plain.blob", {"length": 10**6, "pause": 0.01}]
    outputs["blob"] = {"from": "blob.blob"}
    first = await runs.run(workflow(nodes, outputs=outputs))
    engine.close()
    runs.engine = Engine(engine.settings, packs=engine.packs)
    assert await runs.run(workflow(nodes, outputs=outputs)) == first
    assert (runs.calls(), runs.kinds()[TaskCached]) == ([], 21)
    runs.engine.close()


async def test_a_changed_constant_runs_exactly_its_descendants(runs: Runs) -> None:
    nodes: Nodes = {"n0": ["plain.number", {"value": 0}]}
    for index in range(1, 200):
        nodes[f"n{index}"] = ["plain.add", {"a": link(f"n{(index - 1) // 2}.value"), "b": index}]
    await runs.run(workflow(nodes))
    nodes["n5"][1]["b"] = 0.5
    await runs.run(workflow(nodes))
    below = {5}
    below |= {i for i in range(6, 200) if any(_ancestor(i, a) for a in below)}
    assert set(runs.calls()) == {f"n{index}" for index in below}


def _ancestor(index: int, wanted: int) -> bool:
    while index > wanted:
        index = (index - 1) // 2
    return index == wanted


@pytest.mark.parametrize("budget", [0, 600, 5_000, 10**9])
async def test_any_cache_size_gives_the_same_result(engine: Engine, tmp_path: Path, budget: int) -> None:
    sized = Engine(
        engine.settings.model_copy(update={"memory_cache_bytes": budget, "disk_cache_bytes": 0}), packs=engine.packs
    )
    runs = Runs(sized, tmp_path)
    for _ in range(3):
        assert (await runs.run(chain(50))).outputs == {"end": 1.0}
        assert sized.memory.nbytes <= budget
    sized.close()


async def test_a_chain_of_ten_thousand_runs(runs: Runs) -> None:
    assert await runs.run(chain(10_000)) == RunResult("done", {"end": 1.0})
    assert len(runs.calls()) == 10_000


async def test_only_the_targets_run(runs: Runs) -> None:
    result = await runs.run(workflow({**SUM, "more": ["plain.pass", {"value": link("sum.value")}]}), targets=["two"])
    assert (result.status, runs.calls()) == ("done", ["two"])


BROKEN: Nodes = {
    "bad": ["plain.fail", {}],
    "after": ["plain.pass", {"value": link("bad.value")}],
    "last": ["plain.pass", {"value": link("after.value")}],
    "apart": ["plain.sleep", {"value": 1, "seconds": 0.05}],
    "beside": ["plain.pass", {"value": link("apart.value")}],
}


async def test_a_failure_stops_its_descendants_and_keeps_siblings(runs: Runs) -> None:
    result = await runs.run(
        workflow(BROKEN, outputs={"x": {"from": "last.value"}, "y": {"from": "beside.value"}}), keep_going=True
    )
    assert result == RunResult("failed", {"y": 1.0})
    assert {event.task for event in runs.events if isinstance(event, TaskSkipped)} == {"after", "last"}
    failed = [event for event in runs.events if isinstance(event, TaskFailed)]
    assert [(event.task, event.failure.code, event.failure.hint) for event in failed] == [
        ("bad", "node_error", "Ask for less.")
    ]


async def test_without_keep_going_nothing_new_starts(runs: Runs) -> None:
    result = await runs.run(workflow(BROKEN))
    assert result.status == "failed"
    assert "beside" not in runs.calls()


async def test_the_results_before_a_failure_are_in_the_cache(runs: Runs) -> None:
    nodes: Nodes = {"one": SUM["one"], "bad": ["plain.fail", {"value": link("one.value")}]}
    await runs.run(workflow(nodes))
    await runs.run(workflow(nodes))
    assert runs.calls() == ["bad"]


async def test_a_sink_runs_every_time(runs: Runs, tmp_path: Path) -> None:
    document = workflow({"word": ["plain.word", {"text": "x"}], "save": ["plain.write", {"text": link("word.value")}]})
    await runs.run(document)
    await runs.run(document)
    assert runs.calls() == ["save"]
    assert len(list((tmp_path / "output").iterdir())) == 2


async def test_branches_overlap(runs: Runs) -> None:
    nodes: Nodes = {f"s{i}": ["plain.sleep", {"value": i, "seconds": 0.2}] for i in range(8)}
    started = time.perf_counter()
    await runs.run(workflow(nodes))
    assert time.perf_counter() - started < 0.8  # 1.6 one after the other


async def test_a_lane_takes_only_what_it_can(runs: Runs) -> None:
    nodes: Nodes = {f"s{i}": ["plain.steps", {"count": 1, "pause": 0.01 + i / 1000}] for i in range(4)}
    await runs.run(workflow(nodes))
    running = most = 0
    for event in runs.events:
        running += isinstance(event, TaskStarted) - isinstance(event, TaskFinished)
        most = max(most, running)
    assert most == 1


WORK: Nodes = {
    "work": ["plain.steps", {"count": 10_000, "pause": 0.01}],
    "end": ["plain.limited", {"steps": link("work.value")}],
}


@pytest.mark.parametrize("thread", [False, True])
async def test_a_cancel_ends_the_run_within_a_step(runs: Runs, thread: bool) -> None:
    document = workflow(WORK)
    working = asyncio.Event()

    def observe(event: Event) -> None:
        runs.events.append(event)
        if isinstance(event, TaskProgress):
            working.set()

    run = runs.engine.start(document, runs.engine.plan(runs.engine.resolve(document)), runs.folder, observe)
    task = asyncio.create_task(run.result())
    await working.wait()
    cancelled = time.perf_counter()
    await asyncio.to_thread(run.cancel) if thread else run.cancel()
    result = await asyncio.wait_for(task, 5)
    assert result.status == "cancelled"
    assert time.perf_counter() - cancelled < 0.01 + 0.25  # one step and 250 ms
    assert runs.calls() == ["work"]
    run.cancel()  # again, after the end: nothing happens


async def test_progress_comes_between_start_and_end(runs: Runs) -> None:
    await runs.run(workflow({"work": ["plain.steps", {"count": 3}]}))
    assert [type(event) for event in runs.events] == [
        *(RunStarted, TaskStarted, TaskProgress, TaskProgress, TaskProgress, TaskFinished, RunFinished),
    ]


class SlowTier(MemoryTier):
    """A tier whose answers have to be awaited, as those of a disk are."""

    def get(self, fingerprint: str) -> Any:
        return self._later(fingerprint)

    async def _later(self, fingerprint: str) -> Handles | None:
        await asyncio.sleep(0)
        return MemoryTier.get(self, fingerprint)


async def test_a_tier_that_must_be_awaited_works_too(engine: Engine, tmp_path: Path) -> None:
    vars(engine)["cache"] = SlowTier(10**9)
    runs = Runs(engine, tmp_path)
    assert (await runs.run(chain(20))).outputs == {"end": 1.0}
    assert (await runs.run(chain(20))).outputs == {"end": 1.0}
    assert runs.calls() == []


async def test_a_bug_of_ours_is_loud_and_can_be_replayed(engine: Engine, tmp_path: Path, monkeypatch: Any) -> None:
    document = chain(2)
    run = engine.start(document, engine.plan(engine.resolve(document)), tmp_path, lambda _: None)
    monkeypatch.setattr(run._state, "_done", lambda *_: (_ for _ in ()).throw(EngineBug("planted")))
    with pytest.raises(EngineBug, match="planted") as caught:
        await run.result()
    assert isinstance(caught.value.stimuli[0], Start)
    assert isinstance(caught.value.stimuli[-1], Returned)


@pytest.mark.parametrize("kind", ["thread", "inline"])
async def test_a_long_chain_holds_two_values_at_a_time(engine: Engine, tmp_path: Path, kind: str) -> None:
    """Real values, seen by weak references: what one call takes and what it makes, and none that was let go of."""
    vars(engine)["flights"] = SingleFlight(MemoryTier(0))
    if kind == "inline":
        vars(engine)["executor"] = InlineExecutor(engine.registry, engine.services)
    nodes: Nodes = {"n0": ["plain.traced", {}]}
    nodes |= {f"n{i}": ["plain.traced", {"before": link(f"n{i - 1}.traced")}] for i in range(1, 100)}
    document = workflow(nodes)
    run = engine.start(document, engine.plan(engine.resolve(document)), tmp_path, lambda _: None)
    assert (await run.result()).status == "done"
    assert engine.services[plain_pack.Calls].most_alive <= 4  # a thread that has answered may still hold one


def switch(first: bool) -> Nodes:
    return {
        "yes": ["plain.number", {"value": 1}],
        "deep": ["plain.fail", {}],
        "no": ["plain.pass", {"value": link("deep.value")}],
        "choose": ["plain.choose", {"first": first, "yes": link("yes.value"), "no": link("no.value")}],
        "end": ["plain.pass", {"value": link("choose.value")}],
    }


async def test_a_switch_computes_one_branch(runs: Runs) -> None:
    result = await runs.run(workflow(switch(first=True), outputs={"end": {"from": "end.value"}}))
    assert result == RunResult("done", {"end": 1.0})
    assert runs.calls() == ["choose", "yes", "end"], "the failing branch is never touched"


async def test_the_branch_that_is_asked_for_may_fail(runs: Runs) -> None:
    result = await runs.run(workflow(switch(first=False)))
    assert result.status == "failed"
    assert {event.task for event in runs.events if isinstance(event, TaskSkipped)} == {"no", "choose", "end"}


async def test_a_switch_is_answered_from_the_cache_as_a_whole(runs: Runs) -> None:
    await runs.run(workflow(switch(first=True)))
    await runs.run(workflow(switch(first=True)))
    assert runs.calls() == []


@pytest.mark.parametrize(
    ("a", "b", "total", "calls"),
    [(1, link("two.value"), 3.0, ["sum", "two"]), (20, link("two.value"), 20.0, ["sum"]), (1, 5, 6.0, ["sum"])],
)
async def test_an_optional_input_may_be_lazy(runs: Runs, a: float, b: Any, total: float, calls: list[str]) -> None:
    nodes: Nodes = {"two": SUM["two"], "sum": ["plain.sum_if", {"a": a, "b": b}]}
    result = await runs.run(workflow(nodes, outputs={"total": {"from": "sum.value"}}))
    assert (result.outputs, runs.calls()) == ({"total": total}, calls)


async def test_a_value_of_any_type_is_checked_where_a_type_is_wanted(runs: Runs) -> None:
    nodes = switch(first=True) | {"yes": ["plain.word", {"text": "x"}]}
    await runs.run(workflow(nodes))
    failed = [event for event in runs.events if isinstance(event, TaskFailed)]
    assert [(event.task, event.failure.code) for event in failed] == [("end", "invalid_input")]


def used(events: list[Event]) -> int:
    """How many calls ran at a time, at most."""
    running = most = 0
    for event in events:
        running += isinstance(event, TaskStarted) - isinstance(event, TaskFinished | TaskFailed)
        most = max(most, running)
    return most


async def test_two_runs_share_the_slots_and_take_turns(runs: Runs) -> None:
    nodes: Nodes = {f"s{i}": ["plain.steps", {"count": 1, "pause": 0.01 + i / 1000}] for i in range(4)}
    told: list[str] = []

    async def run(name: str, offset: float) -> RunResult:
        for _, inputs in nodes.values():
            inputs["pause"] += offset
        document = workflow(nodes)

        def observe(event: Event) -> None:
            runs.events.append(event)
            if isinstance(event, TaskStarted):
                told.append(name)

        plan = runs.engine.plan(runs.engine.resolve(document))
        return await runs.engine.start(document, plan, runs.folder, observe).result()

    results = await asyncio.gather(run("a", 0), run("b", 0.0001))
    assert [each.status for each in results] == ["done", "done"]
    assert used(runs.events) == 1, "there is one gpu slot, however many runs there are"
    assert "".join(told) == "aabababb", "the first came when nobody else waited"


@pytest.mark.parametrize("how", ["cancelled", "given up"])
async def test_a_run_that_stops_lets_the_next_one_in(runs: Runs, how: str) -> None:
    document = workflow(WORK)
    plan = runs.engine.plan(runs.engine.resolve(document))
    working = asyncio.Event()
    run = runs.engine.start(
        document, plan, runs.folder, lambda event: working.set() if isinstance(event, TaskProgress) else None
    )
    first = asyncio.create_task(run.result())
    await working.wait()
    second = asyncio.create_task(runs.run(workflow({"next": ["plain.steps", {"count": 3}]})))
    await asyncio.sleep(0.01)
    assert runs.calls() == [], "the slot is taken"
    if how == "cancelled":
        run.cancel()
        assert (await first).status == "cancelled"
    else:
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    assert (await asyncio.wait_for(second, 5)).status == "done"


async def test_a_run_that_waits_for_a_slot_can_be_cancelled(runs: Runs) -> None:
    document = workflow(WORK)
    plan = runs.engine.plan(runs.engine.resolve(document))
    working = asyncio.Event()
    run = runs.engine.start(
        document, plan, runs.folder, lambda event: working.set() if isinstance(event, TaskProgress) else None
    )
    first = asyncio.create_task(run.result())
    await working.wait()
    waiting = runs.engine.start(document, plan, runs.folder, lambda _: None)
    second = asyncio.create_task(waiting.result())
    await asyncio.sleep(0.01)
    waiting.cancel()
    assert (await asyncio.wait_for(second, 1)).status == "cancelled"
    run.cancel()
    assert (await first).status == "cancelled"


def test_a_run_whose_event_loop_ended_keeps_no_slot(engine: Engine, tmp_path: Path) -> None:
    document = workflow({"work": ["plain.steps", {"count": 20, "pause": 0.01}]})
    plan = engine.plan(engine.resolve(document))

    async def leave() -> None:
        run = engine.start(document, plan, tmp_path, lambda _: None)
        task = asyncio.create_task(run.result())
        await asyncio.sleep(0.02)
        task.cancel()

    async def stay() -> RunResult:
        return await asyncio.wait_for(engine.start(document, plan, tmp_path, lambda _: None).result(), 5)

    asyncio.run(leave())
    assert asyncio.run(stay()).status == "done"
    engine.close()


FLAKY: Nodes = {
    "flaky": ["plain.flaky", {"value": 3, "times": 2}],
    "end": ["plain.pass", {"value": link("flaky.value")}],
}


@pytest.mark.parametrize("how", ["bug", "room", "busy"])
async def test_a_call_that_fails_is_made_again(runs: Runs, how: str) -> None:
    FLAKY["flaky"][1]["how"] = how
    document = workflow(FLAKY, outputs={"end": {"from": "end.value"}})
    assert await runs.run(document) == RunResult("done", {"end": 3.0})
    retried = [event for event in runs.events if isinstance(event, TaskRetried)]
    smaller = [1, 2] if how == "room" else [0, 0]
    assert [(event.attempt, event.smaller) for event in retried] == [(1, smaller[0]), (2, smaller[1])]
    assert runs.calls() == ["flaky", "flaky", "flaky", "end"]
    await runs.run(document)
    assert runs.calls() == [], "what a later attempt made is kept like any other"


@pytest.mark.parametrize(("how", "times", "calls"), [("bug", 3, 3), ("wrong", 1, 1)])
async def test_a_call_is_made_again_only_so_often(runs: Runs, how: str, times: int, calls: int) -> None:
    nodes = FLAKY | {"flaky": ["plain.flaky", {"how": how, "times": times}]}
    assert (await runs.run(workflow(nodes))).status == "failed"
    assert (runs.kinds()[TaskStarted], runs.kinds()[TaskRetried], runs.kinds()[TaskFailed]) == (calls, calls - 1, 1)


async def test_a_smaller_attempt_needs_less_room(runs: Runs) -> None:
    document = workflow({"s": ["plain.shrinking", {"size": 8, "room": 2}]}, outputs={"pieces": {"from": "s.pieces"}})
    assert await runs.run(document) == RunResult("done", {"pieces": 4})
