"""The timeline: slices that nest or do not overlap, waits, parts of calls, the cache's work, marks and bytes."""

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from documents import Nodes, link, workflow

from graphengine.app import Engine
from graphengine.plan.plan import Plan
from graphengine.run.cache.timings import Span, Timings
from graphengine.run.executors.process.executor import ProcessExecutor
from graphengine.run.messages import TaskFinished, TaskSpan, TaskStarted
from graphengine.run.trace import Trace

NODES: Nodes = {
    "first": ["plain.steps", {"count": 2, "pause": 0.01}],
    "second": ["plain.steps", {"count": 3, "pause": 0.01}],
    "sum": ["plain.limited", {"steps": link("first.value"), "seed": link("second.value")}],
    "bad": ["plain.fail", {}],
    "after": ["plain.pass", {"value": link("bad.value")}],
}

Events = list[dict[str, Any]]


async def timeline(
    engine: Engine, folder: Path, nodes: Nodes = NODES, outputs: Collection[str] = ("sum.value", "after.value")
) -> Events:
    """Return the events of a run's timeline, which are valid; the engine is closed then."""
    named = {f"o{index}": {"from": address} for index, address in enumerate(outputs)}
    document = workflow(nodes, outputs=named)
    plan = engine.plan(engine.resolve(document))
    trace = Trace(plan)
    with engine.timings.told_to(trace.hear):
        await engine.start(document, plan, folder, trace.note, keep_going=True).result()
        engine.close()
    assert not engine.timings.heard
    return checked(trace)


def checked(trace: Trace) -> Events:
    data = json.loads(json.dumps(trace.data()))
    assert data["displayTimeUnit"] == "ms"
    events: Events = data["traceEvents"]
    check(events)
    return events


def check(events: Events) -> None:
    """Every slice is some time, those of a row nest or lie apart, ids come in pairs, and processes have names."""
    named = [each["pid"] for each in events if each["ph"] == "M"]
    assert len(named) == len(set(named))
    assert {each["pid"] for each in events if each["ph"] not in "MC"} <= set(named)
    assert all(each["ts"] >= 0 for each in events if each["ph"] != "M")
    rows = defaultdict(list)
    for each in events:
        if each["ph"] == "X":
            assert each["dur"] >= 0, each
            rows[each["pid"], each["tid"]].append((each["ts"], -each["dur"], each["name"]))
    for spans in rows.values():
        open_until: list[float] = []
        for begin, negative, name in sorted(spans):
            end = begin - negative
            while open_until and open_until[-1] <= begin + 0.01:  # a hundredth of a microsecond is rounding
                open_until.pop()
            assert not open_until or end <= open_until[-1] + 0.01, name
            open_until.append(end)
    pairs = defaultdict(list)
    for each in events:
        if each["ph"] in "be":
            pairs[each["cat"], each["id"]].append((each["ts"], each["ph"]))
    assert all([ph for _, ph in sorted(ends)] == ["b", "e"] for ends in pairs.values())


def slices(events: Events) -> Mapping[str, dict[str, Any]]:
    found = {each["name"]: each for each in events if each["ph"] == "X"}
    assert len(found) == sum(each["ph"] == "X" for each in events)
    return found


def processes_of(events: Events) -> Mapping[int, str]:
    return {each["pid"]: each["args"]["name"] for each in events if each["ph"] == "M"}


@pytest.mark.parametrize(
    "wrong",
    [
        [("a", 0, 10), ("b", 5, 10)],
        [("a", 0, -1)],
        [("a", -5, 1)],
    ],
)
def test_the_check_finds_what_is_wrong(wrong: list[tuple[str, float, float]]) -> None:
    events: Events = [{"ph": "M", "pid": 1}]
    events += [{"ph": "X", "pid": 1, "tid": 0, "name": name, "ts": ts, "dur": dur} for name, ts, dur in wrong]
    with pytest.raises(AssertionError):
        check(events)


async def test_every_call_is_a_slice_in_a_row_of_its_lane(engine: Engine, tmp_path: Path) -> None:
    events = await timeline(engine, tmp_path)
    lanes = processes_of(events)
    calls = {name: each for name, each in slices(events).items() if lanes[each["pid"]].startswith("lane ")}
    assert {name: lanes[each["pid"]] for name, each in calls.items()} == {
        "first": "lane gpu",
        "second": "lane gpu",
        "sum": "lane cpu",
        "bad": "lane cpu",
    }
    assert calls["first"]["dur"] > 20_000, "microseconds"


async def test_a_wait_for_a_slot_has_a_beginning_and_an_end(engine: Engine, tmp_path: Path) -> None:
    events = await timeline(engine, tmp_path)
    waits = [each for each in events if each.get("cat") == "wait"]
    starts = {each["id"]: each["ts"] for each in waits if each["ph"] == "b"}
    ends = {each["id"]: each["ts"] for each in waits if each["ph"] == "e"}
    (waited,) = [name for name in ("first", "second") if ends.get(name, 0) - starts.get(name, 0) > 15_000]
    assert waited, "the gpu lane takes one call at a time"


async def test_failures_steps_and_bytes_are_noted(engine: Engine, tmp_path: Path) -> None:
    events = await timeline(engine, tmp_path)
    bad = next(each for each in events if each["name"] == "bad")
    assert "there is no more" in bad["args"]["failure"]
    assert any(each["name"] == "after skipped" for each in events)
    assert sum(each["name"] == "second step" for each in events) == 3
    assert [each["args"]["bytes"] for each in events if each["ph"] == "C"][-1] == 3 * 64


async def test_each_attempt_is_a_slice(engine: Engine, tmp_path: Path) -> None:
    document = workflow({"flaky": ["plain.flaky", {"times": 2}]})
    plan = engine.plan(engine.resolve(document))
    trace = Trace(plan)
    await engine.start(document, plan, tmp_path, trace.note).result()
    slices = [each for each in trace.data()["traceEvents"] if each["ph"] == "X"]
    assert ["failure" in each["args"] for each in slices] == [True, True, False]
    ends = [each["ts"] + each["dur"] for each in slices]
    waits = [each["ts"] for each in trace.data()["traceEvents"] if each["ph"] == "b"]
    assert [wait >= end for wait, end in zip(waits[-2:], ends, strict=False)] == [True, True], "a wait begins anew"
    engine.close()


async def test_a_cached_result_is_a_mark(engine: Engine, tmp_path: Path) -> None:
    await timeline(engine, tmp_path)
    events = await timeline(Engine(engine.settings, packs=engine.packs), tmp_path)
    assert any(each["name"] in ("first cached", "sum cached") for each in events)
    assert "first" not in slices(events)


# ------------------------------------------------------------------ what the cache does

BLOBS: Nodes = {f"b{index}": ["plain.blob", {"length": 10**6, "fill": index, "pause": 0.005}] for index in range(12)}
OUTPUTS = [f"{name}.blob" for name in BLOBS]


async def test_writing_and_reading_are_slices_with_bytes(engine: Engine, tmp_path: Path) -> None:
    first = await timeline(engine, tmp_path, BLOBS, OUTPUTS)
    place, found = processes_of(first), slices(first)
    stages = Counter(name.split()[1] for name in found if " " in name)
    assert (stages["encode"], stages["write"], stages["read"]) == (12, 12, 0)
    assert found["b0 encode"]["args"]["bytes"] == 10**6
    assert found["b0 write"]["args"]["bytes"] > 10**6
    assert place[found["b0 write"]["pid"]] == "cache writes"
    assert found["b0 write"]["ts"] >= found["b0"]["ts"] + found["b0"]["dur"] - 0.01
    assert len({each["tid"] for name, each in found.items() if name.endswith((" encode", " write"))}) == 1

    second = await timeline(Engine(engine.settings, packs=engine.packs), tmp_path, BLOBS, OUTPUTS)
    place, found = processes_of(second), slices(second)
    assert Counter(name.split()[1] for name in found) == {"lookup": 12, "read": 12, "decode": 12}
    for name in BLOBS:
        lookup, read, decode = (found[f"{name} {stage}"] for stage in ("lookup", "read", "decode"))
        assert lookup["args"]["hit"] is True
        assert [each["args"]["bytes"] >= 10**6 for each in (lookup, read, decode)] == [True] * 3
        assert lookup["ts"] <= read["ts"]
        assert decode["ts"] + decode["dur"] <= lookup["ts"] + lookup["dur"] + 0.01
    assert {place[each["pid"]] for each in found.values()} == {"cache lookups", "cache reads"}


async def test_an_answer_from_memory_needs_no_slice(engine: Engine, tmp_path: Path) -> None:
    document = workflow(BLOBS, outputs={name: {"from": f"{name}.blob"} for name in BLOBS})
    plan = engine.plan(engine.resolve(document))
    trace = Trace(plan)
    await engine.start(document, plan, tmp_path, lambda _: None).result()
    assert engine.disk is not None
    await engine.disk.drain()
    with engine.timings.told_to(trace.hear):
        await engine.start(document, plan, tmp_path, trace.note).result()
    assert not slices(checked(trace))
    engine.close()


async def test_a_wait_for_another_run_is_a_lookup(engine: Engine, tmp_path: Path) -> None:
    nodes: Nodes = {name: ["plain.steps", {"count": 1, "pause": 0.02}] for name in ("one", "two")}
    events = await timeline(engine, tmp_path, nodes, ["one.value", "two.value"])
    (waited,) = [each for each in events if each["name"].endswith(" lookup") and each["dur"] > 15_000]
    assert waited["args"]["bytes"] == 64


def span(fingerprint: str, began: float, ended: float) -> Span:
    return Span("read", fingerprint, began, ended, 1)


async def test_rows_are_as_many_as_overlap(engine: Engine) -> None:
    plan = plan_of(engine, {"n": ["plain.number", {}]})
    fingerprint, trace = plan.tasks["n"].fingerprint, Trace(plan)
    now = trace._began
    for begin, end in [(0, 4), (1, 2), (2, 3), (3.5, 5), (4, 6)]:
        trace.hear(span(fingerprint, now + begin, now + end))
    trace.hear(span("another's", now, now + 9))
    trace.hear(span(fingerprint, now - 9, now - 8))
    rows = [each["tid"] for each in checked(trace) if each["ph"] == "X"]
    assert rows == [0, 0, 1, 1, 1, 0]


def test_nothing_is_told_where_nobody_listens() -> None:
    timings = Timings()
    timings.tell("read", "x", 0.0, 1)
    heard: list[Span] = []
    with timings.told_to(heard.append), timings.measured("write", "y") as measured:
        measured.nbytes = 5
    with pytest.raises(OSError, match="full"), timings.told_to(heard.append), timings.measured("write", "z"):
        raise OSError("full")
    assert [(each.stage, each.fingerprint, each.nbytes) for each in heard] == [("write", "y", 5)]
    assert heard[0].ended >= heard[0].began


# ------------------------------------------------------------------ parts of calls


def plan_of(engine: Engine, nodes: Nodes) -> Plan:
    return engine.plan(engine.resolve(workflow(nodes)))


@pytest.mark.parametrize("kind", ["thread", "process"])
async def test_parts_stand_inside_their_call(
    engine: Engine, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    if kind == "process":
        executor: ProcessExecutor = request.getfixturevalue("processes")
        vars(engine)["executor"] = executor
    nodes: Nodes = {"work": ["plain.parts", {"pause": 0.005}]}
    document = workflow(nodes)
    plan = engine.plan(engine.resolve(document))
    trace = Trace(plan)
    assert (await engine.start(document, plan, tmp_path, trace.note).result()).status == "done"
    found = slices(checked(trace))
    assert found.keys() == {"work", "outer", "first", "second", "beside"}
    assert len({(each["pid"], each["tid"]) for each in found.values()}) == 1
    ends = {name: each["ts"] + each["dur"] for name, each in found.items()}
    assert found["work"]["ts"] <= found["outer"]["ts"] <= found["first"]["ts"] < ends["first"]
    assert ends["second"] <= ends["outer"] + 0.01
    assert ends["beside"] <= ends["work"] + 0.01
    assert found["first"]["dur"] > 4_000
    if kind == "thread":
        engine.close()


async def test_parts_of_two_threads_stand_free(engine: Engine, tmp_path: Path) -> None:
    events = await timeline(engine, tmp_path, {"work": ["plain.crossing", {}]}, ["work.value"])
    free = {each["name"] for each in events if each.get("cat") == "part"}
    inside = slices(events).keys() - {"work", "work lookup"}
    assert inside | {name.removeprefix("work ") for name in free} == {"one", "two", "last"}
    assert len(free) == 1


def test_parts_that_come_late_or_early_harm_nothing(engine: Engine) -> None:
    plan = plan_of(engine, {"n": ["plain.number", {}]})
    times = itertools.count()
    trace = Trace(plan, lambda: float(next(times)))
    began = trace._began
    trace.note(TaskSpan("n", "too early", began, 0.5))
    trace.note(TaskStarted("n"))
    trace.note(TaskSpan("n", "of another clock", began - 1e6, 0.5))
    trace.note(TaskSpan("n", "to come", began + 1e6, 0.5))
    trace.note(TaskFinished("n", 1.0, 8))
    trace.note(TaskSpan("n", "too late", began + 6, 0.5))
    assert slices(checked(trace)).keys() == {"n", "of another clock", "to come"}
