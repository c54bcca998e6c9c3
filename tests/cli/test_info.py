"""The commands that tell: nodes, schema, models."""

import json
from pathlib import Path

from commands import Command


def test_nodes_are_listed_and_explained(command: Command) -> None:
    assert "plain.word " in command("nodes").stdout
    told = command("nodes", "plain.limited").stdout
    assert "in   steps: Int = 20  (maximum 100, minimum 1)" in told
    assert "out  value: Int" in told


def test_nodes_as_json(command: Command) -> None:
    every = json.loads(command("nodes", "--json").stdout)["nodes"]
    one = json.loads(command("nodes", "plain.word", "--json").stdout)
    assert one in every
    assert one["inputs"][1]["schema"]["enum"] == ["upper", "lower"]


def test_an_unknown_node_is_exit_code_two(command: Command) -> None:
    done = command("nodes", "plain.wrod")
    assert (done.exit_code, done.stderr) == (
        2,
        "error: there is no node type 'plain.wrod'; did you mean 'plain.word'?\n",
    )
    assert json.loads(command("nodes", "plain.wrod", "--json").stdout)["status"] == "error"


def test_the_schema_is_json(command: Command) -> None:
    assert json.loads(command("schema").stdout)["title"] == "Workflow"
    assert "Submit" in json.loads(command("schema", "--messages").stdout)["$defs"]


def test_models_are_listed(command: Command, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.safetensors").write_bytes(bytes(2_000_000))
    assert command("models").stdout == "models:one.safetensors        2.0 MB  safetensors\n"
    assert json.loads(command("models", "--json").stdout)["models"][0]["bytes"] == 2_000_000


def test_without_arguments_it_explains_itself(command: Command) -> None:
    told = command("--help").stdout
    assert all(name in told for name in ("run", "validate", "export", "nodes", "schema", "models"))
