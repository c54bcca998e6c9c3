"""Models that are found by their content, or not: told on standard error, and to programs."""

import json
from pathlib import Path

import pytest
from commands import Command
from documents import model_file, workflow

from graphengine.files.digest import Digests

NAME = "models:a.safetensors"


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    model_file(tmp_path / "models" / "a.safetensors", 50)
    pin = {"sha256": Digests().of(tmp_path / "models" / "a.safetensors")}
    document = workflow({"r": ["plain.recipe", {"file": NAME}]}, models={NAME: pin})
    (tmp_path / "flow.json").write_text(json.dumps(document.to_json()))
    return tmp_path / "flow.json"


@pytest.mark.parametrize("words", [("run",), ("run", "--explain"), ("validate",)])
def test_what_was_found_is_told(command: Command, flow: Path, words: tuple[str, ...]) -> None:
    quiet = command(*words, flow, "--json")
    assert (quiet.exit_code, quiet.stderr, json.loads(quiet.stdout)["notices"]) == (0, "", [])
    (flow.parent / "models" / "a.safetensors").rename(flow.parent / "models" / "b.safetensors")
    done = command(*words, flow, "--json")
    (notice,) = json.loads(done.stdout)["notices"]
    assert (done.exit_code, notice["code"], notice["node"], notice["socket"]) == (0, "model_found", "r", "file")
    assert done.stderr == f"note: r.file: {notice['message']} [model_found]\n"


def test_what_is_missing_is_refused_with_its_hash(command: Command, flow: Path) -> None:
    model = flow.parent / "models" / "a.safetensors"
    digest = Digests().of(model)
    model.unlink()
    done = command("run", flow)
    assert done.exit_code == 2
    assert digest in done.stderr
    assert f"Put it into {flow.parent / 'models'}, under any name." in done.stderr
