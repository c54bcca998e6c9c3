"""The history: what a run leaves behind, and that nothing that befalls its files befalls a run."""

import asyncio
import json
import logging
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from documents import Nodes, chain, link, workflow

from graphengine.app import Engine
from graphengine.node.footprint import Footprint
from graphengine.plan.past import Device, Past, Record, Taken, ingredients
from graphengine.plan.plan import Plan
from graphengine.run import history
from graphengine.run.history import History
from graphengine.run.messages import TaskProgress
from graphengine.run.recorder import Account
from graphengine.workflow.document import Workflow

NODES: Nodes = {
    "work": ["plain.steps", {"count": 2, "pause": 0.002}],
    "end": ["plain.limited", {"steps": link("work.value")}],
}


class Runs:
    """Runs workflows under one origin; each time on a new engine, as the command line does."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._like = engine
        self._folder = folder
        self.engine = engine

    def run(self, nodes: Nodes, origin: str = "flow", **options: Any) -> str:
        targets = options.pop("targets", None)
        document = workflow(nodes)
        self.engine = Engine(self._like.settings, packs=self._like.packs)
        plan = self.engine.plan(self.engine.resolve(document), targets)

        async def go() -> str:
            run = self.engine.start(document, plan, self._folder, lambda _: None, origin=origin, **options)
            return (await run.result()).status

        try:
            return asyncio.run(go())
        finally:
            self.engine.close()

    def past(self, origin: str = "flow") -> Past:
        return self.engine.history.past(origin)


@pytest.fixture
def runs(engine: Engine, tmp_path: Path) -> Iterator[Runs]:
    yield Runs(engine, tmp_path / "output")
    engine.close()


def test_a_run_is_remembered(runs: Runs) -> None:
    begun = time.time()
    runs.run({**NODES, "traced": ["plain.traced", {}]})
    work, end, traced = (runs.past().nodes[name] for name in ("work", "end", "traced"))
    assert (work.outcome, end.outcome, work.run) == ("finished", "finished", end.run)
    assert (work.on_disk, traced.on_disk) == (True, False), "some values do not outlive a process"
    assert begun <= work.when <= time.time()
    assert 0.004 <= (work.seconds or 0) < 1
    document = workflow(NODES)
    plan = runs.engine.plan(runs.engine.resolve(document))
    assert work.made_of == ingredients(plan.tasks["work"], plan.tasks)
    assert end.made_of == ingredients(plan.tasks["end"], plan.tasks)
    assert runs.past().typical.keys() == {"plain.steps@1", "plain.limited@1", "plain.traced@1"}


def test_what_came_from_the_cache_keeps_its_seconds(runs: Runs) -> None:
    runs.run(NODES)
    before = runs.past().nodes["work"]
    runs.run(NODES)
    after = runs.past().nodes["work"]
    assert (after.outcome, after.seconds, after.made_of) == ("cached", before.seconds, before.made_of)
    assert after.run != before.run


def test_of_what_was_passed_over_the_inputs_are_remembered(runs: Runs) -> None:
    nodes: Nodes = {"first": ["plain.number", {"value": 1}], "work": ["plain.sleep", {"value": link("first.value")}]}
    nodes["work"][1]["seconds"] = 0.01
    for value in (1, 2, 1):
        nodes["first"][1]["value"] = value
        runs.run(nodes)
    first = runs.past().nodes["first"]
    assert first.outcome == "passed_over"
    assert [each.text for each in first.made_of.inputs.values()] == ["1.0"]


def test_what_failed_is_remembered_and_what_was_not_reached_is_not(runs: Runs) -> None:
    nodes: Nodes = {"bad": ["plain.fail", {}], "after": ["plain.pass", {"value": link("bad.value")}]}
    assert runs.run(nodes) == "failed"
    assert {name: each.outcome for name, each in runs.past().nodes.items()} == {"bad": "failed"}


async def test_what_was_cancelled_is_not_remembered(engine: Engine, tmp_path: Path) -> None:
    document = workflow({"work": ["plain.steps", {"count": 1_000, "pause": 0.01}]})

    def observe(event: object) -> None:
        if isinstance(event, TaskProgress):
            run.cancel()

    run = engine.start(document, engine.plan(engine.resolve(document)), tmp_path, observe, origin="flow")
    assert (await run.result()).status == "cancelled"
    engine.close()
    assert engine.history.past("flow").nodes == {}


def test_what_calls_took_of_the_memory_is_remembered(runs: Runs) -> None:
    nodes: Nodes = {"hoard": ["plain.hoard", {"size": 50_000_000, "pause": 0.1}]}
    runs.run(nodes)
    first = runs.past()
    taken = first.nodes["hoard"].taken
    assert taken is not None
    assert taken.result > 0
    assert first.taken["plain.hoard@1"].footprint == taken.footprint
    runs.run(nodes)  # from the cache
    assert runs.past().nodes["hoard"].taken == taken
    nodes["hoard"][1]["pause"] = 0.0001
    nodes["hoard"][1]["size"] = 1
    runs.run(nodes)  # too quick to look at
    assert runs.past().nodes["hoard"].taken == taken
    assert runs.engine.history.device() is None, "no model computed"


def footprint(account: Account, told: Footprint) -> Account:
    return replace(account, taken={name: Taken(8, told) for name in account.seconds})


def test_the_device_is_remembered_for_this_machine(
    engine: Engine, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = engine.plan(engine.resolve(workflow(NODES)))
    account = Account("run", plan.tasks, 1e9, "done", {"work": "finished"}, {"work": 1.0})
    for told in (Footprint(10, 5, 7, "cuda:0", 1_000), Footprint(20, 3, 9)):
        history = History(data_dir / "history", lambda _: False)
        history.remember("flow", footprint(account, told))
        history.close()
    assert history.device() == Device("cuda:0", 1_000)
    assert history.past("flow").taken == {"plain.steps@1": Taken(8, Footprint(20, 5, 9))}, "the most of each"
    monkeypatch.setattr(platform, "node", lambda: "another machine")
    assert history.device() is None


def test_a_partial_run_forgets_nothing(runs: Runs) -> None:
    runs.run(NODES)
    before = runs.past().nodes
    runs.run({**NODES, "more": ["plain.number", {}]}, targets=["more"])
    after = runs.past().nodes
    assert after.keys() == {"work", "end", "more"}
    assert after["work"] == before["work"]


def test_workflows_do_not_mix_but_their_durations_do(runs: Runs) -> None:
    runs.run(NODES, "one")
    assert runs.past("two").nodes == {}
    assert "plain.steps@1" in runs.past("two").typical


def test_a_run_without_an_origin_leaves_nothing(runs: Runs, data_dir: Path) -> None:
    runs.run(NODES, "")
    assert not (data_dir / "history").exists()


def test_names_and_values_may_be_any_text(runs: Runs) -> None:
    origin = os.fsdecode(b"/home/\xff/\xe7\xb5\xb5.json")
    nodes: Nodes = {"word": ["plain.word", {"text": "絵" * 300}], "half": ["plain.word", {"text": "\udc80"}]}
    runs.run(nodes, origin)
    assert runs.past(origin).nodes.keys() == nodes.keys()
    assert len(runs.past(origin).nodes["word"].made_of.inputs["text"].text) == 200


def files(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "history").iterdir())


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "other format", "other fields", "folder"])
def test_what_is_damaged_is_no_history_and_is_written_anew(runs: Runs, data_dir: Path, damage: str) -> None:
    runs.run(NODES)
    for path in files(data_dir):
        content = path.read_bytes()
        _, _, text = content.partition(b"\n")
        data = json.loads(text)
        match damage:
            case "flip":
                path.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
            case "cut":
                path.write_bytes(content[: len(content) // 2])
            case "empty":
                path.write_bytes(b"")
            case "other format":
                write(path, {**data, "format": "graphengine.history.2"})
            case "other fields":
                write(path, {"format": data["format"], "nodes": {"work": {}}, "seconds": {"plain.steps@1": "long"}})
            case "folder":
                path.unlink()
                path.mkdir()
    assert runs.past() == Past()
    runs.run(NODES)
    if damage != "folder":
        assert runs.past().nodes.keys() == NODES.keys()


def write(path: Path, data: object) -> None:
    text = json.dumps(data).encode()
    path.write_bytes(history._checksum(text) + b"\n" + text)


def test_any_flipped_bit_is_no_history(runs: Runs, data_dir: Path) -> None:
    runs.run(NODES)
    path = next(path for path in files(data_dir) if path.stem != "durations")
    content = path.read_bytes()
    for place in range(0, len(content) * 8, 37):
        damaged = bytearray(content)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert runs.past().nodes == {}, place


def test_a_folder_that_cannot_be_written_costs_a_warning(
    runs: Runs, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data_dir.mkdir()
    (data_dir / "history").write_text("in the way")
    assert runs.run(NODES) == "done"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "cannot be written" in caplog.text
    assert runs.past() == Past()


# ------------------------------------------------------------------ bounds


def account(plan: Plan, run: str = "run") -> Account:
    return Account(
        run, plan.tasks, time.time(), "done", dict.fromkeys(plan.tasks, "finished"), dict.fromkeys(plan.tasks, 0.1)
    )


def plan_of(engine: Engine, document: Workflow) -> Plan:
    return engine.plan(engine.resolve(document))


def remember(made: History, *runs: tuple[str, Account]) -> None:
    for origin, each in runs:
        made.remember(origin, each)
    made.close()


def test_after_the_end_nothing_is_taken(engine: Engine, tmp_path: Path) -> None:
    made, done = History(tmp_path, lambda _: False), account(plan_of(engine, workflow(NODES)))
    remember(made, ("one", done))
    made.remember("two", done)
    assert [bool(made.past(origin).nodes) for origin in ("one", "two")] == [True, False]


def test_only_so_many_workflows_are_remembered(engine: Engine, tmp_path: Path) -> None:
    done = account(plan_of(engine, workflow(NODES)))
    folder = tmp_path / "history"
    folder.mkdir()
    old = folder / ".x.json.abc.part"
    old.write_bytes(b"")
    os.utime(old, (1, 1))
    (folder / ".y.json.abc.part").write_bytes(b"")
    for index in range(8):
        remember(History(folder, lambda _: False, most=5), (f"w{index}", done))
        for path in folder.glob("*.json"):  # so that ages differ, however coarse the clock of the disk
            os.utime(path, (status := path.stat().st_mtime - 10, status))
    made = History(folder, lambda _: False)
    assert [bool(made.past(f"w{index}").nodes) for index in range(8)] == [False] * 3 + [True] * 5
    assert [path.name for path in folder.iterdir() if path.suffix == ".part"] == [".y.json.abc.part"]
    assert made.past("w0").typical, "durations are nobody's"
    made.close()


def test_of_nodes_that_are_gone_only_so_many_are_remembered(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_NODES", 3)
    made = History(tmp_path, lambda _: False)
    for index in range(10):
        done = account(plan_of(engine, workflow({f"n{index}": ["plain.number", {}], "same": ["plain.number", {}]})))
        made._remember("flow", [replace(done, when=index)])
    assert made.past("flow").nodes.keys() == {"n6", "n7", "n8", "n9", "same"}
    made.close()


def test_of_durations_the_latest_count(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_NODE_TYPES", 2)
    made = History(tmp_path, lambda _: False)
    done = account(plan_of(engine, workflow({"n": ["plain.number", {}]})))
    for seconds in [1.0] * 30 + [5.0] * 10:
        made._remember("flow", [replace(done, seconds={"n": seconds})])
    assert made.past("flow").typical == {"plain.number@1": 5.0}
    for kind in ("plain.word", "plain.number", "plain.blob"):
        made._remember("flow", [account(plan_of(engine, workflow({"n": [kind, {}]})))])
    assert made.past("flow").typical.keys() == {"plain.number@1", "plain.blob@1"}
    made.close()


PROGRAM = """
import sys
import plain_pack
from pathlib import Path
from documents import chain
from graphengine.app import Engine, load_settings
from graphengine.run.history import History
from graphengine.run.recorder import Account
engine = Engine(load_settings(), packs=(plain_pack.PACK,))
plan = engine.plan(engine.resolve(chain(50)))
made = History(Path(sys.argv[1]), lambda _: False)
done = Account(sys.argv[2], plan.tasks, 1e9, "done", {}, dict.fromkeys(plan.tasks, 0.1))
for index in range(40):
    made._remember(f"w{index % 3}", [done])
"""


def test_two_processes_write_one_history(engine: Engine, tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests.parent), str(tests), str(tests / "packs")])
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    processes = [subprocess.Popen([*command, name], env={**os.environ, "PYTHONPATH": path}) for name in ("a", "b")]
    made = History(tmp_path, lambda _: False)
    while any(process.poll() is None for process in processes):
        for index in range(3):
            assert len(made.past(f"w{index}").nodes) in (0, 50), "all or nothing"
        time.sleep(0.005)
    assert [process.returncode for process in processes] == [0, 0]
    for index in range(3):
        nodes = made.past(f"w{index}").nodes
        assert len({each.run for each in nodes.values()}) == 1
        assert len(nodes) == 50
    assert not list(tmp_path.glob("*.part"))
    made.close()


def test_a_thousand_nodes_cost_little(engine: Engine, tmp_path: Path, figure: Callable[[str], None]) -> None:
    done = account(plan_of(engine, chain(1_000)))
    made = History(tmp_path, lambda _: False)
    seconds = []
    for _ in range(5):
        begun = time.process_time()
        made._remember("flow", [done])
        seconds.append(time.process_time() - begun)
    begun = time.process_time()
    made.past("flow")
    loading = time.process_time() - begun
    figure(
        f"history of 1,000 nodes, CPU: first {seconds[0] * 1e3:.1f} ms, again {min(seconds[1:]) * 1e3:.1f} ms, "
        f"loading {loading * 1e3:.1f} ms, {sum(path.stat().st_size for path in tmp_path.iterdir()) / 1e3:.0f} kB"
    )
    assert min(seconds) < 0.2  # 20 ms are promised
    made.close()


def test_records_come_back_as_they_were(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "inputs" / "a.txt").write_text("x")
    nodes: Nodes = {
        "read": ["plain.read", {"file": "a.txt"}],
        "long": ["plain.word", {"text": "é" * 500}],
        "word": ["plain.word", {"text": link("read.value")}],
        "none": ["plain.sum_if", {"a": 1}],
    }
    plan = plan_of(engine, workflow(nodes))
    made = History(tmp_path / "history", lambda fingerprint: fingerprint < "8")
    remember(made, ("flow", replace(account(plan), when=1.5)))
    expected = {
        name: Record(ingredients(task, plan.tasks), "finished", 0.1, task.fingerprint < "8", 1.5, "run")
        for name, task in plan.tasks.items()
    }
    assert made.past("flow").nodes == expected


def test_what_is_remembered_together_is_as_if_it_were_one_by_one(engine: Engine, tmp_path: Path) -> None:
    first = account(plan_of(engine, workflow({"a": ["plain.number", {}], "b": ["plain.number", {"value": 1}]})), "1")
    second = replace(
        account(plan_of(engine, workflow({"a": ["plain.number", {"value": 2}]})), "2"), when=first.when + 1
    )
    cached = replace(second, run="3", outcomes={"a": "cached"}, seconds={}, when=first.when + 2)
    together, apart = (History(tmp_path / name, lambda _: False) for name in ("together", "apart"))
    together._remember("flow", [first, second, cached])
    for each in (first, second, cached):
        apart._remember("flow", [each])
    assert together.past("flow") == apart.past("flow")
    assert together.past("flow").nodes["a"].seconds == 0.1
    for made in (together, apart):
        made.close()
