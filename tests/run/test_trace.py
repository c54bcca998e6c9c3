"""The timeline: slices that do not overlap, waits, marks and bytes."""

import itertools
from collections import defaultdict
from pathlib import Path
from typing import Any

from documents import Nodes, link, workflow

from graphengine.app import Engine
from graphengine.run.trace import Trace

NODES: Nodes = {
    "first": ["plain.steps", {"count": 2, "pause": 0.01}],
    "second": ["plain.steps", {"count": 3, "pause": 0.01}],
    "sum": ["plain.limited", {"steps": link("first.value"), "seed": link("second.value")}],
    "bad": ["plain.fail", {}],
    "after": ["plain.pass", {"value": link("bad.value")}],
}


async def timeline(engine: Engine, folder: Path) -> list[dict[str, Any]]:
    document = workflow(NODES, outputs={name: {"from": f"{name}.value"} for name in ("sum", "after")})
    plan = engine.plan(engine.resolve(document))
    trace = Trace(plan)
    await engine.start(document, plan, folder, trace.note, keep_going=True).result()
    data = trace.data()
    assert data["displayTimeUnit"] == "ms"
    events: list[dict[str, Any]] = data["traceEvents"]
    return events


async def test_every_call_is_a_slice_in_a_row_of_its_lane(engine: Engine, tmp_path: Path) -> None:
    events = await timeline(engine, tmp_path)
    lanes = {each["pid"]: each["args"]["name"] for each in events if each["ph"] == "M"}
    slices = {each["name"]: each for each in events if each["ph"] == "X"}
    assert {name: lanes[each["pid"]] for name, each in slices.items()} == {
        "first": "lane gpu",
        "second": "lane gpu",
        "sum": "lane cpu",
        "bad": "lane cpu",
    }
    assert slices["first"]["dur"] > 20_000, "microseconds"
    rows = defaultdict(list)
    for each in slices.values():
        rows[each["pid"], each["tid"]].append((each["ts"], each["ts"] + each["dur"]))
    for spans in rows.values():
        ordered = sorted(spans)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(ordered))


async def test_a_wait_for_a_slot_has_a_beginning_and_an_end(engine: Engine, tmp_path: Path) -> None:
    events = await timeline(engine, tmp_path)
    waits = [each for each in events if each.get("cat") == "wait"]
    starts = {each["id"]: each["ts"] for each in waits if each["ph"] == "b"}
    ends = {each["id"]: each["ts"] for each in waits if each["ph"] == "e"}
    assert starts.keys() == ends.keys()
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
    events = await timeline(engine, tmp_path)
    assert any(each["name"] == "sum cached" for each in events)
    assert not any(each["name"] == "first" for each in events)
    engine.close()
