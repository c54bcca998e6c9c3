"""Whole runs: the machine, the hands, real executors and the memory tier together."""

import asyncio
import gc
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import Nodes, chain, link, workflow
from hypothesis import given, settings
from hypothesis import strategies as st

from graphengine.app import Engine, load_settings
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


async def test_a_large_graph_lets_others_have_their_turn(runs: Runs) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while not runs.calls():
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    assert (await runs.run(chain(5_000))).status == "done"
    await waiting
    assert turns > 3  # before the first call, all of them are asked for: in one go that took 100 ms


async def test_what_was_planned_and_run_goes_when_it_is_over(runs: Runs) -> None:
    """What lies in circles waits for a collection of all, which holds up every thread."""
    await runs.run(chain(10))
    gc.collect()
    gc.disable()
    try:
        await runs.run(chain(300))
        await asyncio.sleep(0)
        runs.events = []
        assert gc.collect() < 300
    finally:
        gc.enable()


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


@pytest.mark.timed
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


@pytest.mark.timed
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
    told: list[str] = []
    begun = asyncio.Event()

    async def run(name: str, pauses: list[float]) -> RunResult:
        document = workflow({f"s{i}": ["plain.steps", {"count": 1, "pause": pause}] for i, pause in enumerate(pauses)})

        def observe(event: Event) -> None:
            runs.events.append(event)
            if isinstance(event, TaskStarted):
                told.append(name)
                begun.set()

        plan = runs.engine.plan(runs.engine.resolve(document))
        return await runs.engine.start(document, plan, runs.folder, observe).result()

    first = asyncio.create_task(run("a", [0.2, 0.201, 0.202, 0.203]))
    await begun.wait()
    for _ in range(100):  # while its first call lasts, all its others line up, in as many turns of the loop as it likes
        await asyncio.sleep(0)
    results = [await run("b", [0.021, 0.022, 0.023, 0.024]), await first]
    assert [each.status for each in results] == ["done", "done"]
    assert used(runs.events) == 1, "there is one gpu slot, however many runs there are"
    assert "".join(told) == "aabababb"


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


@pytest.fixture
def coalescing(engine: Engine, tmp_path: Path) -> Iterator[Runs]:
    """Runs whose calls are made together, with one ``gpu`` slot."""
    settings = engine.settings.model_copy(update={"coalesce": True, "disk_cache_bytes": 0})
    made = Engine(settings, packs=engine.packs)
    yield Runs(made, tmp_path / "output")
    made.close()


def halves(*numbers: float, **inputs: Any) -> Workflow:
    nodes: Nodes = {f"h{i}": ["plain.halve", {"value": number, **inputs}] for i, number in enumerate(numbers)}
    return workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in nodes})


def sizes(events: list[Event]) -> list[int]:
    return sorted(event.together for event in events if isinstance(event, TaskFinished))


async def test_ready_calls_that_fit_are_made_as_one(coalescing: Runs) -> None:
    result = await coalescing.run(halves(1, 2, 3, 4, 5, 6))
    assert result.outputs == {f"h{i}": (i + 1) / 2 for i in range(6)}
    assert sizes(coalescing.events) == [2, 2, 4, 4, 4, 4], "four is the limit of the node"
    assert sorted(result.together.values()) == [2, 2, 4, 4, 4, 4]
    assert coalescing.kinds()[TaskStarted] == coalescing.kinds()[TaskFinished] == 6


async def test_calls_that_do_not_fit_are_made_alone(coalescing: Runs) -> None:
    nodes: Nodes = {f"h{digits}": ["plain.halve", {"value": 1, "digits": digits}] for digits in (1, 2, 3)}
    result = await coalescing.run(workflow(nodes))
    assert (result.status, result.together, sizes(coalescing.events)) == ("done", {}, [1, 1, 1])


async def test_off_is_off_and_no_result_of_the_one_serves_the_other(coalescing: Runs, runs: Runs) -> None:
    result = await runs.run(halves(1, 2, 3))
    assert (sizes(runs.events), result.together) == ([1, 1, 1], {})
    vars(coalescing.engine)["flights"] = runs.engine.flights
    again = await coalescing.run(halves(1, 2, 3))
    assert (again.outputs, sizes(coalescing.events)) == (result.outputs, [3, 3, 3])
    await coalescing.run(halves(1, 2, 3))
    assert coalescing.calls() == [], "among themselves they are kept like any other"


async def test_a_bad_call_among_others_fails_alone(coalescing: Runs) -> None:
    result = await coalescing.run(halves(1, 13, 3), keep_going=True)
    assert result == RunResult("failed", {"h0": 0.5, "h2": 1.5})
    failed = [event for event in coalescing.events if isinstance(event, TaskFailed)]
    assert [(event.task, event.failure.message) for event in failed] == [("h1", "13 cannot be halved")]


async def test_calls_of_several_runs_are_made_as_one(coalescing: Runs) -> None:
    one, two = Runs(coalescing.engine, coalescing.folder), Runs(coalescing.engine, coalescing.folder)
    results = await asyncio.gather(one.run(halves(1)), two.run(halves(2)), coalescing.run(halves(3)))
    assert [each.outputs["h0"] for each in results] == [0.5, 1.0, 1.5]
    assert [sizes(each.events) for each in (one, two, coalescing)] == [[3]] * 3
    assert coalescing.engine.services[plain_pack.Calls].names == ["3 together"]
    for each in (one, two, coalescing):
        assert {event.task for event in each.events if isinstance(event, TaskProgress)} == {"h0"}


async def test_who_is_cancelled_among_others_leaves_at_once(coalescing: Runs) -> None:
    engine, working = coalescing.engine, asyncio.Event()
    document = halves(1, steps=100)
    leaving = engine.start(
        document,
        engine.plan(engine.resolve(document)),
        coalescing.folder,
        lambda event: working.set() if isinstance(event, TaskProgress) else None,
    )
    first = asyncio.create_task(leaving.result())
    second = asyncio.create_task(coalescing.run(halves(2, steps=100)))
    await working.wait()
    leaving.cancel()
    assert (await asyncio.wait_for(first, 0.25)).status == "cancelled"
    assert not second.done()
    third = asyncio.create_task(Runs(engine, coalescing.folder).run(halves(3, digits=1)))
    result = await second
    assert (result.outputs, result.together) == ({"h0": round(2 / 2**100, 6)}, {"h0": 2})
    assert (await third).outputs == {"h0": 1.5}


async def test_all_who_share_a_call_can_cancel_it(coalescing: Runs) -> None:
    engine, working = coalescing.engine, asyncio.Event()
    runs = []
    for number in (1, 2):
        document = halves(number, steps=4000)
        plan = engine.plan(engine.resolve(document))
        runs.append(
            engine.start(
                document,
                plan,
                coalescing.folder,
                lambda event: working.set() if isinstance(event, TaskProgress) else None,
            )
        )
    tasks = [asyncio.create_task(run.result()) for run in runs]
    await working.wait()
    for run in runs:
        run.cancel()
    ended = await asyncio.wait_for(asyncio.gather(*tasks), 5)
    assert [each.status for each in ended] == ["cancelled", "cancelled"]
    assert (await coalescing.run(halves(5))).status == "done"


@settings(max_examples=int(os.environ.get("GRAPHENGINE_EXAMPLES", "60")), deadline=None)
@given(data=st.data())
def test_coalescing_changes_no_result(data: st.DataObject) -> None:
    """Random graphs in several runs at once: every task is called once per attempt, and the values are the same."""
    documents = []
    for _ in range(data.draw(st.integers(1, 3))):
        nodes: Nodes = {"n0": ["plain.number", {"value": data.draw(st.integers(1, 20))}]}
        for index in range(1, data.draw(st.integers(2, 10))):
            sources = [link(f"n{data.draw(st.integers(0, index - 1))}.value") for _ in range(2)]
            kinds: Nodes = {
                "plain.halve": {"value": sources[0], "digits": data.draw(st.integers(5, 6)), "steps": 1},
                "plain.add": {"a": sources[0], "b": sources[1]},
                "plain.flaky": {"value": sources[0], "times": 1},
            }
            kind = data.draw(st.sampled_from(sorted(kinds)))
            nodes[f"n{index}"] = [kind, kinds[kind]]
        documents.append(workflow(nodes, outputs={name: {"from": f"{name}.value"} for name in nodes}))

    async def run(coalesce: bool) -> list[tuple[RunResult, Runs]]:
        engine = Engine(load_settings(coalesce=coalesce, disk_cache_bytes=0, cpu_slots=2), packs=(plain_pack.PACK,))
        runs = [Runs(engine, Path("unused")) for _ in documents]
        acts = [each.run(document, keep_going=True) for each, document in zip(runs, documents, strict=True)]
        results = await asyncio.gather(*acts)
        engine.close()
        return list(zip(results, runs, strict=True))

    alone, joined = asyncio.run(run(coalesce=False)), asyncio.run(run(coalesce=True))
    for (one, _), (other, told) in zip(alone, joined, strict=True):
        assert (one.status, one.outputs) == (other.status, other.outputs)
        retried = Counter(event.task for event in told.events if isinstance(event, TaskRetried))
        started = Counter(told.calls())
        assert all(count == 1 + retried[name] for name, count in started.items())
        assert set(other.together) <= {name for name, count in started.items() if count == 1}
