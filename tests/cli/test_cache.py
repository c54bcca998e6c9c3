"""Results outlive a process: a second run computes nothing, and the ``cache`` commands tell and remove."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import PACKS, Command
from documents import Nodes, link, workflow

from graphengine.run.cache.checkpoints import CheckpointFolder
from graphengine.types.codec import Encoded

NODES: Nodes = {
    "blob": ["plain.blob", {"length": 300_000, "fill": 7, "pause": 0.01}],
    "work": ["plain.steps", {"count": 2, "pause": 0.005}],
    "quick": ["plain.limited", {"steps": link("work.value")}],
    "text": ["plain.word", {"text": "hello"}],
    "save": ["plain.write", {"text": link("text.value")}],
}
TARGETS = ("--target", "blob", "--target", "quick", "--target", "save")


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(workflow(NODES).to_json()))
    return path


def cached(report: dict[str, Any]) -> dict[str, bool]:
    assert report["status"] == "done"
    return {name: node["cached"] for name, node in report["nodes"].items()}


def test_a_second_run_finds_what_was_worth_keeping(command: Command, flow: Path) -> None:
    first = cached(json.loads(command("run", flow, *TARGETS, "--json").stdout))
    assert first == dict.fromkeys(NODES, False)
    second = cached(json.loads(command("run", flow, *TARGETS, "--json").stdout))
    assert second == {"blob": True, "work": True, "quick": False, "text": False, "save": False}


def test_a_process_finds_what_another_computed(flow: Path) -> None:
    environment = {**os.environ, "GRAPHENGINE_PACKS": "[]", "GRAPHENGINE_PACK_FOLDER": str(PACKS)}
    command = [sys.executable, "-m", "graphengine", "run", str(flow), "--target", "blob", "--json"]
    reports = [
        json.loads(subprocess.run(command, env=environment, cwd=flow.parent, capture_output=True, check=True).stdout)
        for _ in range(2)
    ]
    assert [cached(report) for report in reports] == [{"blob": False}, {"blob": True}]


def test_a_changed_constant_is_computed(command: Command, flow: Path) -> None:
    command("run", flow, *TARGETS)
    report = json.loads(command("run", flow, *TARGETS, "--set", "blob.fill=8", "--json").stdout)
    assert (cached(report)["blob"], cached(report)["work"]) == (False, True)


def test_without_the_cache_everything_is_computed_and_nothing_kept(
    command: Command, flow: Path, data_dir: Path
) -> None:
    for _ in range(2):
        report = json.loads(command("run", flow, *TARGETS, "--no-cache", "--json").stdout)
        assert not any(cached(report).values())
    assert not data_dir.exists()


def test_a_budget_of_nothing_switches_the_disk_off(
    command: Command, flow: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHENGINE_DISK_CACHE_BYTES", "0")
    command("run", flow, *TARGETS)
    assert not (data_dir / "cache").exists()


def show(command: Command) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(command("cache", "show", "--json").stdout)
    return told


def test_show_says_what_is_there(command: Command, flow: Path, data_dir: Path) -> None:
    checkpoints = {"entries": 0, "bytes": 0, "budget": 2 * 2**30}
    empty = {"folder": str(data_dir / "cache"), "entries": 0, "bytes": 0, "budget": 20 * 2**30}
    assert show(command) == {**empty, "checkpoints": checkpoints}
    command("run", flow, *TARGETS)
    told = show(command)
    assert told["entries"] == 2
    assert 300_000 < told["bytes"] < 301_000
    lines = command("cache", "show").stdout.splitlines()
    folder = f"folder   {data_dir / 'cache'}"
    assert lines == [folder, "entries  2", "size     300.4 kB of 21.5 GB", "cut off  0 calls, 0 B"]


def test_prune_goes_down_to_a_size(command: Command, flow: Path) -> None:
    command("run", flow, *TARGETS)
    told = json.loads(command("cache", "prune", "--size", "100kB", "--json").stdout)
    assert (told["removed"], told["entries"]) == (1, 1)
    assert told["freed"] > 300_000
    assert command("cache", "prune").stdout == "removed 0 of 1 results, 0 B\n"


def test_prune_removes_what_is_old(command: Command, flow: Path, data_dir: Path) -> None:
    command("run", flow, *TARGETS)
    assert command("cache", "prune", "--age", "1h").stdout == "removed 0 of 2 results, 0 B\n"
    for path in (data_dir / "cache").rglob("*"):
        os.utime(path, (0, 0))
    assert command("cache", "prune", "--age", "7d").stdout.startswith("removed 2 of 2 results, 300.4 kB")


def test_clear_removes_everything(command: Command, flow: Path) -> None:
    command("run", flow, *TARGETS)
    assert command("cache", "clear").stdout.startswith("removed 2 of 2 results")
    assert show(command)["entries"] == 0
    assert command("cache", "clear").exit_code == 0


def test_what_calls_go_on_from_is_shown_grows_old_and_is_cleared(command: Command, data_dir: Path) -> None:
    folder = CheckpointFolder(data_dir / "checkpoints", 10_000, 0.0)
    for age, arguments in ((0, ["clear"]), (86_400, ["prune", "--age", "12h"])):
        folder.of("ab" * 20).offer(lambda: Encoded({}, (b"x" * 1_000,)))
        os.utime(folder.places("ab" * 20)[0], (time.time() - age,) * 2)
        assert command("cache", "prune", "--age", "7d").exit_code == 0
        assert show(command)["checkpoints"]["entries"] == 1
        assert command("cache", *arguments).exit_code == 0
        assert show(command)["checkpoints"]["entries"] == 0


@pytest.mark.parametrize("option", [("--size", "much"), ("--size", "5 parsecs"), ("--age", "-1d"), ("--age", "1")])
def test_what_is_not_a_quantity_is_exit_code_two(command: Command, option: tuple[str, str]) -> None:
    done = command("cache", "prune", *option)
    assert done.exit_code == 2
    assert "is not a number with a unit" in done.stderr
