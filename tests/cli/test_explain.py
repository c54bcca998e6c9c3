"""What ``graphengine run --explain`` says, and that it does nothing else."""

import json
from pathlib import Path

import pytest
from commands import Command
from documents import Nodes, link, model_file, workflow

NODES: Nodes = {
    "word": ["plain.word", {"text": "hello"}],
    "save": ["plain.write", {"text": link("word.value")}],
    "work": ["plain.steps", {"count": 3, "pause": 0.002}],
    "choose": ["plain.choose", {"first": True, "yes": link("work.value"), "no": link("other.value")}],
    "other": ["plain.steps", {"count": 2}],
}


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    document = workflow(NODES, inputs={"text": {"to": ["word.text"]}}, outputs={"end": {"from": "choose.value"}})
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document.to_json()))
    return path


def test_nothing_is_run_and_everything_is_told(command: Command, flow: Path, tmp_path: Path, data_dir: Path) -> None:
    done = command("run", flow, "--explain")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "word    runs                   never run before",
        "save    runs                   it is a sink: it always runs",
        "work    may run                'choose' takes it as 'yes' only if it asks for it",
        "                               never run before",
        "other   may run                'choose' takes it as 'no' only if it asks for it",
        "                               never run before",
        "choose  runs                   never run before",
        "3 of 5 nodes run; 2 may run",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["flow.json"]
    assert [path.name for path in data_dir.iterdir()] == ["catalogue"]  # what the packs bring, for the next time


def test_after_a_run_it_says_what_changed(command: Command, flow: Path) -> None:
    command("run", flow)
    changes = ("--set", "text=bye", "--set", "other.count=5", "--set", "choose.first=false")
    told = command("run", flow, "--explain", *changes).stdout.splitlines()
    lines = {line.split()[0]: line for line in told}
    assert "input 'text' changed: 'hello' → 'bye'" in lines["word"]
    assert " s  " in lines["word"], "what it took the last time"
    assert lines["work"].split(maxsplit=1)[1] == "cached                 its result is on disk"
    assert lines["choose"].endswith("input 'first' changed: True → False")
    assert told[-1].startswith("3 of 5 nodes run, about 0.0")
    assert told[-1].endswith("; 1 may run; 1 cached")


def test_the_path_of_a_workflow_is_what_it_is_remembered_by(
    command: Command, flow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("run", flow)
    (flow.parent / "sub").mkdir()
    monkeypatch.chdir(flow.parent / "sub")
    assert "never run before" not in command("run", "../flow.json", "--explain", "--target", "word").stdout
    copy = flow.with_name("copy.json")
    copy.write_text(flow.read_text())
    assert "never run before" in command("run", copy, "--explain", "--target", "word").stdout


def test_json_is_one_object(command: Command, flow: Path) -> None:
    command("run", flow)
    changes = ("--set", "text=bye", "--set", "choose.first=false")
    told = json.loads(command("run", flow, "--explain", "--json", *changes).stdout)
    assert told["status"] == "explained"
    assert told["counts"] == {"runs": 3, "may_run": 1, "cached": 1, "not_needed": 0}
    word = told["nodes"]["word"]
    assert (word["type"], word["verdict"], word["seconds"] > 0) == ("plain.word@1", "runs", True)
    assert word["reasons"] == [
        {
            "code": "input_changed",
            "message": "input 'text' changed: 'hello' → 'bye'",
            "input": "text",
            "node": None,
        }
    ]
    assert told["nodes"]["work"]["seconds"] is None
    assert told["seconds"] >= word["seconds"]


def test_without_a_cache_everything_runs(command: Command, flow: Path) -> None:
    command("run", flow)
    told = command("run", flow, "--explain", "--no-cache").stdout
    assert told.count("the cache is switched off") == 3
    assert "the last run did not need it" in told
    assert "cached" not in told


def test_what_was_evicted_is_told(command: Command, flow: Path) -> None:
    command("run", flow)
    command("cache", "clear")
    assert "its result was evicted from the cache" in command("run", flow, "--explain", "--target", "work").stdout


def test_problems_are_told_as_for_a_run(command: Command, flow: Path) -> None:
    for arguments in (["--target", "wrod"], ["--set", "tex=1"]):
        done = command("run", flow, "--explain", *arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == command("run", flow, *arguments).stderr


def test_the_help_says_it(command: Command) -> None:
    assert "Run nothing; say what would run" in command("run", "--help").stdout


@pytest.fixture
def cooking(tmp_path: Path) -> Path:
    """A workflow that takes a model of 2 MB."""
    model_file(tmp_path / "a.safetensors", 1_000_000)
    nodes: Nodes = {
        "recipe": ["plain.recipe", {"file": "a.safetensors"}],
        "cook": ["plain.cook", {"recipe": link("recipe.recipe")}],
        "hoard": ["plain.hoard", {"size": 30_000_000, "pause": 0.1}],
    }
    path = tmp_path / "cooking.json"
    path.write_text(json.dumps(workflow(nodes).to_json()))
    return path


def test_it_says_what_it_takes_of_the_memory(command: Command, cooking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = command("run", cooking, "--explain").stdout.splitlines()
    assert told[1] == "cook    runs                     2.0 MB  never run before"
    assert told[-1] == "3 of 3 nodes run; at most 2.0 MB on the host at once"
    command("run", cooking, "--target", "hoard")
    needs = json.loads(command("run", cooking, "--explain", "--json").stdout)
    host = needs["nodes"]["hoard"]["memory"]["host"] if needs["nodes"]["hoard"]["memory"] else None
    assert needs["nodes"]["cook"]["memory"] == {"weights": 2_000_000, "working": None, "host": None, "result": None}
    assert needs["memory"]["fit"] == "yes"
    assert needs["nodes"]["hoard"]["verdict"] == "cached"
    assert host is None
    monkeypatch.setenv("GRAPHENGINE_MODEL_BYTES", "1000000")
    last = command("run", cooking, "--explain").stdout.splitlines()[-1]
    assert last.endswith("2.0 MB on the host at once, models of 2.0 MB where GRAPHENGINE_MODEL_BYTES says 1.0 MB")


def test_what_a_call_took_is_what_the_next_one_will(command: Command, cooking: Path) -> None:
    command("run", cooking, "--target", "hoard", "--set", "hoard.size=40000000")
    told = json.loads(command("run", cooking, "--explain", "--json", "--set", "hoard.pause=0.2").stdout)
    memory = told["nodes"]["hoard"]["memory"]
    if memory["host"] is None:
        pytest.skip("the system does not tell")
    assert 35_000_000 < memory["host"] < 90_000_000
    assert told["memory"]["host"] == memory["host"]


@pytest.mark.parametrize("options", [(), ("--explain",)])
def test_what_cannot_fit_is_refused(
    command: Command, cooking: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr("graphengine.run.forecaster.host_memory", lambda: 1_500_000)
    done = command("run", cooking, *options)
    assert done.exit_code == 2
    assert "cook: 'a.safetensors' takes 2.0 MB, and this machine has 1.5 MB" in done.stderr
    assert "[does_not_fit]" in done.stderr
