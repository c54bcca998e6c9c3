"""The commands that tell: nodes, schema, models."""

import json
from pathlib import Path

from commands import Command
from documents import weights_file


def test_nodes_are_listed_and_explained(command: Command) -> None:
    assert "plain.word " in command("nodes").stdout
    told = command("nodes", "plain.limited").stdout
    assert "in   steps: Int = 20  (maximum 100, minimum 1)" in told
    assert "out  value: Int" in told
    title = told.splitlines()[0]
    assert title != "plain.limited"
    assert command("nodes", title.upper()).stdout == told


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
    weights_file(tmp_path / "models" / "one.safetensors", {"decoder.conv_in.weight": (100, 100, 10, 10)})
    (tmp_path / "models" / "two.pt").write_bytes(b"PK\x03\x04")
    lines = command("models").stdout.splitlines()
    assert lines[0] == "models:one.safetensors     2.0 MB  VAE"
    assert lines[1].startswith(
        "models:two.pt                 4 B  two.pt is a zip archive, as torch.save writes it (a pickle)"
    )
    one, two = json.loads(command("models", "--json").stdout)["models"]
    assert (one["reference"], one["role"], one["numbers"]) == ("models:one.safetensors", "vae", 1_000_000)
    assert (one["problem"], two["problem"]["code"]) == (None, "pickle")


def test_without_arguments_it_explains_itself(command: Command) -> None:
    told = command("--help").stdout
    assert all(name in told for name in ("run", "validate", "export", "nodes", "schema", "models"))
