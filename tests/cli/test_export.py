"""``graphengine export``: a workflow as code, on the terminal or in a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Command
from documents import chain
from PIL import Image as Pillow

from graphengine.files.origin import WORKFLOW
from graphengine.files.picture import png_text

DOCUMENT = chain(3).to_json() | {"title": "Chain 🔴"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chain.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def made_by(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(code, names)  # noqa: S102 - the code is what is tested
    made: dict[str, Any] = names["wf"].to_json()
    return made


def test_code_is_printed(command: Command, file: Path) -> None:
    done = command("export", file, "--python")
    assert (done.exit_code, done.stderr) == (0, "")
    assert made_by(done.stdout) == DOCUMENT
    assert 'wf.node("plain.number", value=1.0)' in done.stdout, "the pack is one of a folder"


def test_code_is_written_to_a_file_with_what_is_set(command: Command, file: Path, tmp_path: Path) -> None:
    done = command("export", file, "--python", "-o", tmp_path / "new" / "made.py", "--set", "n0.value=7.5")
    assert (done.exit_code, done.stdout) == (0, "")
    made = made_by((tmp_path / "new" / "made.py").read_text(encoding="utf-8"))
    assert made["nodes"]["n0"]["inputs"] == {"value": 7.5}
    assert made["title"] == DOCUMENT["title"]


def test_a_picture_that_carries_a_workflow_is_exported(command: Command, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Pillow.new("RGB", (4, 4)).save(picture, pnginfo=png_text({WORKFLOW: json.dumps(DOCUMENT)}))
    assert made_by(command("export", picture, "--python").stdout) == DOCUMENT


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Say in which form: --python."),
        (["--python", "--set", "no"], "has no value"),
        (["--python", "-o", "/dev/null/x.py"], "error: /dev/null/x.py cannot be written"),
    ],
)
def test_what_is_asked_for_wrongly_is_exit_code_two(
    command: Command, file: Path, arguments: list[str], told: str
) -> None:
    done = command("export", file, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_what_is_no_workflow_is_exit_code_two(command: Command, tmp_path: Path) -> None:
    done = command("export", tmp_path / "none.json", "--python")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no file" in done.stderr
