import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import PACKS, Command
from documents import Nodes, chain, link, workflow

from graphengine.errors import EngineBug
from graphengine.run.messages import Asked, Start

NODES: Nodes = {
    "word": ["plain.word", {"text": "hello"}],
    "save": ["plain.write", {"text": link("word.value")}],
    "work": ["plain.steps", {"count": 30}],
}


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    document = workflow(
        NODES,
        title="Flow",
        inputs={"text": {"to": ["word.text"]}, "count": {"to": ["work.count"]}},
        outputs={"text": {"from": "save.file"}, "count": {"from": "work.value"}},
    )
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document.to_json()))
    return path


def test_a_run_prints_where_its_results_are(command: Command, flow: Path) -> None:
    done = command("run", flow, "--set", "text=Hé=llo", "--output-dir", "here")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{flow.parent / 'here' / 'Flow_00001.txt'}\ncount = 30\n"
    assert Path("here/Flow_00001.txt").read_text() == "HÉ=LLO"
    assert "work: 30/30" in done.stderr
    assert done.stderr.count("work: ") <= 12, "at most ten lines of progress, a start and an end"


def test_json_is_one_object(command: Command, flow: Path, tmp_path: Path) -> None:
    done = command("run", flow, "--set", "count=3", "--json")
    report = json.loads(done.stdout)
    assert (report["status"], len(report["job"]), done.stderr) == ("done", 32, "")
    assert report["outputs"]["count"] == {"node": "work", "type": "Int", "value": 3, "paths": []}
    assert report["outputs"]["text"]["paths"] == [str(tmp_path / "output" / "Flow_00001.txt")]
    assert report["files"][0]["media_type"] == "text/plain"
    assert {name: (node["state"], node["cached"]) for name, node in report["nodes"].items()} == dict.fromkeys(
        NODES, ("done", False)
    )
    assert all(node["seconds"] >= 0 for node in report["nodes"].values())


@pytest.mark.parametrize("folder", ["file", "file/below", "x" * 300])
def test_results_that_cannot_be_written_are_known_before_the_run(
    command: Command, flow: Path, tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    done = command("run", flow, "--output-dir", folder)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: results cannot be written into {folder}: ")
    assert done.stderr.count("\n") == 1


def test_plain_outputs_are_printed(command: Command, tmp_path: Path) -> None:
    nodes: Nodes = {"a": ["plain.number", {"value": 1e-9}], "b": ["plain.word", {"text": "é"}]}
    document = workflow(nodes, outputs={"number": {"from": "a.value"}, "text": {"from": "b.value"}}).to_json()
    (tmp_path / "plain.json").write_text(json.dumps(document))
    assert command("run", "plain.json").stdout == "number = 1e-09\ntext = É\n"
    assert json.loads(command("run", "plain.json", "--json").stdout)["outputs"]["text"]["value"] == "É"
    assert not (tmp_path / "output").exists()


def test_what_is_no_number_in_json_is_told_in_words(command: Command, tmp_path: Path) -> None:
    document = workflow({"a": ["plain.results", {"which": "endless"}]}, outputs={"end": {"from": "a.anything"}})
    (tmp_path / "inf.json").write_text(json.dumps(document.to_json()))
    assert json.loads(command("run", "inf.json", "--json").stdout)["outputs"]["end"]["value"] == "inf"


def test_a_trace_that_cannot_be_written_does_not_take_the_results_away(command: Command, flow: Path) -> None:
    done = command("run", flow, "--trace", flow / "trace.json", "--json")
    assert (done.exit_code, json.loads(done.stdout)["status"]) == (0, "done")
    assert done.stderr.startswith(f"error: the timeline cannot be written to {flow / 'trace.json'}: ")


def test_an_output_that_is_left_out_is_told(command: Command, flow: Path) -> None:
    document = json.loads(flow.read_text())
    document["nodes"]["word"]["mode"] = "mute"
    flow.write_text(json.dumps(document))
    done = command("run", flow)
    assert (done.exit_code, done.stdout) == (0, "count = 30\n")
    assert done.stderr.startswith("output 'text' is left out: its node is muted or cut off\n")
    assert json.loads(command("run", flow, "--json").stdout)["left_out"] == ["text"]
    targeted = command("run", flow, "--json", "--target", "work")
    assert (json.loads(targeted.stdout)["left_out"], targeted.stderr) == ([], "")


def test_what_leads_to_a_bug_is_kept(
    command: Command, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise EngineBug("it broke", [Start(), Asked("a\nb", "c")])

    task = "a\nb"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("graphengine.app.make_plan", broken)
    done = command("run", flow)
    (record,) = tmp_path.glob("graphengine-bug-*.txt")
    assert (done.exit_code, done.stderr) == (
        1,
        f"error: a bug in graphengine: it broke; what led to it is in {record}\n",
    )
    assert record.read_text() == f"it broke\n{Start()!r}\n{Asked(task, 'c')!r}\n"
    assert json.loads(command("run", flow, "--json").stdout)["status"] == "error"


@pytest.mark.parametrize("verb", ["run", "validate"])
def test_wrong_settings_are_told_together(command: Command, flow: Path, verb: str) -> None:
    done = command(verb, flow, "--set", "novalue", "--set", "nothing=1", "--json")
    assert done.exit_code == 2
    problems = json.loads(done.stdout)["problems"]
    assert [problem["code"] for problem in problems] == ["unknown_workflow_input"] * 2
    assert problems[0]["hint"] == "Write --set name=value."


def test_of_many_problems_fifty_are_printed(command: Command, tmp_path: Path) -> None:
    nodes: Nodes = {f"n{index}": ["plain.nothing", {}] for index in range(1000)}
    (tmp_path / "bad.json").write_text(json.dumps(workflow(nodes).to_json()))
    lines = command("validate", "bad.json").stderr.splitlines()
    assert (len(lines), lines[50:]) == (52, ["… and 950 more", "1000 problems; nothing was run"])
    assert len(json.loads(command("validate", "bad.json", "--json").stdout)["problems"]) == 1000


def test_a_trace_is_written(command: Command, flow: Path, tmp_path: Path) -> None:
    assert command("run", flow, "--trace", "trace.json", "--set", "work.pause=0.001").exit_code == 0
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    slices = {each["name"] for each in events if each["ph"] == "X"}
    assert {name for name in slices if " " not in name} == set(NODES)
    assert "work lookup" in slices, "what the cache does is there, too"
    assert "work write" in slices, "what is written when the run is over, too"


def test_a_target_runs_only_what_it_needs(command: Command, flow: Path) -> None:
    report = json.loads(command("run", flow, "--target", "word", "--json").stdout)
    assert list(report["nodes"]) == ["word"]


def test_a_failure_is_exit_code_one_and_keeps_what_was_done(command: Command, tmp_path: Path) -> None:
    nodes: Nodes = {**NODES, "bad": ["plain.fail", {}], "after": ["plain.pass", {"value": link("bad.value")}]}
    document = workflow(nodes, outputs={"end": {"from": "after.value"}})
    (tmp_path / "bad.json").write_text(json.dumps(document.to_json()))
    done = command("run", "bad.json", "--keep-going")
    assert (done.exit_code, done.stdout) == (1, f"{tmp_path / 'output' / 'workflow_00001.txt'}\n")
    assert "bad: failed: there is no more [node_error] Ask for less." in done.stderr
    assert "after: skipped, because bad failed" in done.stderr
    report = json.loads(command("run", "bad.json", "--keep-going", "--json").stdout)
    assert (report["status"], report["nodes"]["bad"]["failure"]["code"]) == ("failed", "node_error")


def test_what_was_tried_again_is_told(command: Command, tmp_path: Path) -> None:
    document = workflow({"flaky": ["plain.flaky", {"times": 2, "how": "room"}]})
    (tmp_path / "flaky.json").write_text(json.dumps(document.to_json()))
    done = command("run", "flaky.json", "--no-cache")
    assert done.exit_code == 0
    assert "flaky: failed and is tried again (attempt 3, 4 times smaller): no room [out_of_memory]" in done.stderr
    node = json.loads(command("run", "flaky.json", "--no-cache", "--json").stdout)["nodes"]["flaky"]
    assert (node["state"], [each["code"] for each in node["retried"]]) == ("done", ["out_of_memory"] * 2)
    assert [each["smaller"] for each in node["retried"]] == [1, 2]


def test_calls_made_together_are_told(command: Command, tmp_path: Path) -> None:
    nodes: Nodes = {f"h{index}": ["plain.halve", {"value": index}] for index in range(3)}
    (tmp_path / "halves.json").write_text(json.dumps(workflow(nodes).to_json()))

    def together(*arguments: str) -> list[int]:
        report = json.loads(command("run", "halves.json", "--no-cache", "--json", *arguments).stdout)
        return [node.get("together", 1) for node in report["nodes"].values()]

    assert (together(), together("--coalesce"), together("--no-coalesce")) == ([1] * 3, [3] * 3, [1] * 3)
    assert "h0: done in " in (said := command("run", "halves.json", "--no-cache", "--coalesce").stderr)
    assert said.count("one of 3 together") == 3


def test_a_chain_of_ten_thousand_runs(command: Command, tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_text(json.dumps(chain(10_000).to_json()))
    done = command("run", "chain.json", "--json")
    assert (done.exit_code, json.loads(done.stdout)["outputs"]["end"]["value"]) == (0, 1.0)


BAD = {
    "malformed": ("{", "malformed_json", ()),
    "not a number": ('{"format": "graphengine.workflow", "version": NaN}', "malformed_json", ()),
    "unknown node": ({"a": ["plain.wrod", {}]}, "unknown_node_type", ()),
    "wrong type": ({"a": ["plain.word", {}], "b": ["plain.pass", {"value": link("a.value")}]}, "type_mismatch", ()),
    "dangling": ({"a": ["plain.pass", {"value": link("z.value")}]}, "unknown_node", ()),
    "cycle": ({"a": ["plain.pass", {"value": link("a.value")}]}, "cycle", ()),
    "out of range": ({"a": ["plain.limited", {"steps": 0}]}, "invalid_value", ()),
    "a word for a boolean": ({"a": ["plain.limited", {"switch": "false"}]}, "invalid_value", ()),
    "missing file": ({"a": ["plain.read", {"file": "none.txt"}]}, "file_not_found", ()),
    "unknown setting": (NODES, "unknown_workflow_input", ("--set", "tex=1")),
    "bad setting": (NODES, "invalid_value", ("--set", "work.count=2.5")),
    "unknown target": (NODES, "unknown_node", ("--target", "wrod")),
}


@pytest.mark.parametrize(
    ("verb", "case"), [("run", case) for case in BAD] + [("validate", case) for case in BAD if case != "unknown target"]
)
def test_bad_input_is_one_clear_problem_and_writes_nothing(
    command: Command, tmp_path: Path, verb: str, case: str
) -> None:
    content, code, options = BAD[case]
    text = content if isinstance(content, str) else json.dumps(workflow(content).to_json())
    (tmp_path / "bad.json").write_text(text)
    done = command(verb, "bad.json", *options)
    assert done.exit_code == 2
    assert done.stderr.count("error: ") == 1
    assert f"[{code}]" in done.stderr
    assert "Traceback" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["bad.json"]
    as_json = json.loads(command(verb, "bad.json", *options, "--json").stdout)
    assert [problem["code"] for problem in as_json["problems"]] == [code]


def test_a_missing_workflow_and_a_wrong_option_are_exit_code_two(command: Command, flow: Path) -> None:
    assert command("run", "none.json").exit_code == 2
    assert command("run", flow, "--set", "novalue").exit_code == 2
    assert command("run", flow, "--nothing").exit_code == 2


def test_validate_says_how_many_nodes_are_good(command: Command, flow: Path) -> None:
    done = command("validate", flow)
    assert (done.exit_code, done.stdout) == (0, f"{flow}: 3 nodes, no problems\n")


def test_a_wrong_environment_names_the_variable(command: Command, flow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHENGINE_GPU_SLOTS", "none")
    done = command("run", flow)
    assert done.exit_code == 2
    assert "GRAPHENGINE_GPU_SLOTS" in done.stderr


def test_a_broken_pack_is_named(command: Command, flow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "broken.py").write_text("1/0")
    monkeypatch.setenv("GRAPHENGINE_PACK_FOLDER", str(tmp_path / "packs"))
    done = command("run", flow)
    assert done.exit_code == 2
    assert "pack 'broken'" in done.stderr
    assert "Traceback" not in done.output


def start(flow: Path, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "GRAPHENGINE_PACKS": "[]", "GRAPHENGINE_PACK_FOLDER": str(PACKS)}
    command = [sys.executable, "-m", "graphengine", "run", str(flow), *arguments]
    return subprocess.Popen(command, env=environment, cwd=flow.parent, **options)  # type: ignore[call-overload,no-any-return]


ENDLESS = ("--set", "count=100000", "--set", "work.pause=0.01")


def wait_for(running: subprocess.Popen[bytes], words: bytes) -> None:
    assert running.stderr is not None
    while words not in (line := running.stderr.readline()):
        assert line, "it ended too early"


def test_an_interrupt_ends_the_run_and_leaves_no_half_file(flow: Path, tmp_path: Path) -> None:
    with start(flow, *ENDLESS, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        wait_for(running, b"work: started")
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
        told = running.stderr.read()
    assert b"stopping; interrupt again to leave at once" in told
    assert b"work: cancelled" in told
    assert b"failed" not in told
    assert b"Traceback" not in told
    assert not list(tmp_path.rglob("*.part"))


def test_an_interrupted_run_reports_what_was_cancelled(flow: Path) -> None:
    with start(flow, *ENDLESS, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        written = flow.parent / "output" / "Flow_00001.txt"
        until = time.monotonic() + 10
        while not written.exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        report = json.loads(running.stdout.read())
    assert (report["status"], report["nodes"]["work"]["state"]) == ("cancelled", "cancelled")


def test_a_second_interrupt_leaves_at_once(flow: Path) -> None:
    document = workflow({"blob": ["plain.blob", {"pause": 60.0}]})
    flow.write_text(json.dumps(document.to_json()))
    with start(flow, stderr=subprocess.PIPE) as running:
        wait_for(running, b"blob: started")
        running.send_signal(signal.SIGINT)
        wait_for(running, b"interrupt again")
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130


def test_a_terminal_gets_bars(flow: Path) -> None:
    main_end, terminal = pty.openpty()
    with start(flow, "--set", "work.pause=0.02", stderr=terminal, stdout=subprocess.DEVNULL) as running:
        os.close(terminal)
        seen = b""
        try:
            while chunk := os.read(main_end, 4096):
                seen += chunk
        except OSError:  # a terminal ends so
            pass
        assert running.wait(10) == 0
    os.close(main_end)
    assert "━".encode() in seen, "a bar"
    assert b"/30" in seen, "how far it is"
    assert b"0:00:0" in seen, "how long it will take"


def test_inputs_are_looked_for_where_the_command_says(command: Command, tmp_path: Path) -> None:
    nodes: Nodes = {"read": ["plain.read", {"file": "inputs:note.txt"}]}
    path = tmp_path / "reads.json"
    path.write_text(json.dumps(workflow(nodes, outputs={"text": {"from": "read.value"}}).to_json()))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "note.txt").write_text("found")
    assert command("run", path).exit_code == 2
    done = command("run", path, "--input-dir", "one", "--input-dir", tmp_path / "two")
    assert (done.exit_code, done.stdout) == (0, "text = found\n"), done.output
    assert command("validate", path, "--input-dir", "two").exit_code == 0
    assert command("validate", path, "--input-dir", "one").exit_code == 2
    assert command("run", path, "--input-dir", "nowhere").exit_code == 2
