"""Settings of a wrong form, or that the machine cannot fulfil: one clear line, and exit code 2."""

import json
import os
from pathlib import Path

import pytest
from commands import Command
from documents import workflow


@pytest.mark.parametrize("form", ["path", "paths", "json"])
def test_a_list_is_json_or_joined_as_in_path(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "one.safetensors").write_bytes(b"1")
    forms = {"path": str(folder), "paths": f"/nowhere{os.pathsep}{folder}", "json": json.dumps([str(folder)])}
    monkeypatch.setenv("GRAPHENGINE_MODEL_FOLDERS", forms[form])
    assert command("models").stdout.startswith("models:one.safetensors")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("GPU_SLOTS", "none", "GRAPHENGINE_GPU_SLOTS: "),
        ("MODEL_FOLDERS", "[broken", "GRAPHENGINE_MODEL_FOLDERS: "),
        ("MODEL_FOLDERS", "[1]", "GRAPHENGINE_MODEL_FOLDERS: "),
        ("PACKS", "missing", "no pack 'missing' is installed"),
    ],
)
@pytest.mark.parametrize("words", [["nodes"], ["models"], ["run", "empty.json"], ["validate", "empty.json"]])
def test_a_wrong_setting_is_one_line_or_one_object(
    command: Command, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str, words: list[str]
) -> None:
    Path("empty.json").write_text(json.dumps(workflow({}).to_json()))
    monkeypatch.setenv(f"GRAPHENGINE_{variable}", value)
    done = command(*words, "--json")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    told = json.loads(done.stdout)
    assert told["status"] == "error"
    assert told["message"].startswith(message)
    assert told["message"] in done.stderr


def test_a_wrong_setting_ends_the_cache_commands_as_well(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHENGINE_DISK_CACHE_BYTES", "much")
    for verb in ("show", "prune", "clear"):
        done = command("cache", verb)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: GRAPHENGINE_DISK_CACHE_BYTES: ")


def test_an_empty_variable_is_unset(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "script.py").write_text("1/0")
    monkeypatch.setenv("GRAPHENGINE_PACK_FOLDER", "")
    done = command("nodes")
    assert (done.exit_code, done.output) == (0, "")


def test_a_pack_folder_that_is_not_there_is_exit_code_two(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHENGINE_PACK_FOLDER", "nowhere")
    done = command("nodes")
    assert (done.exit_code, done.stderr) == (2, "error: the pack folder nowhere is not there\n")
