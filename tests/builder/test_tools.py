"""The tools of the trade take the code: linter, formatter and type checker, which also knows what is wrong."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graphengine.app import Engine, load_settings
from graphengine.builder.export.code import python_code
from graphengine.node.checkpoints import NO_CHECKPOINTS
from graphengine.node.context import FIRST
from graphengine.node.declare import injected
from graphengine.workflow.load import load_workflow
from graphengine.workflow.parse import workflow_from

pytestmark = pytest.mark.torch

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / "workflows").glob("*.json"))

LONG = "a red house and a tree on a meadow, with a fence in front of it and a bird above, " * 4
ODD: dict[str, Any] = {
    "format": "graphengine.workflow",
    "version": 1,
    "title": LONG,
    "description": 'it\'s "odd"\n',
    "x-tool": {"words": [LONG, "short", 1e16, None, True], "none": {}},
    "inputs": {"text": {"to": ["n" + "x" * 63 + ".text"], "title": LONG}, "free": {"to": ["a-b.d", "no.where"]}},
    "nodes": {
        "n" + "x" * 63: {"type": "text.encode", "inputs": {"text": LONG}, "title": LONG, "mode": "mute"},
        "a-b": {"type": "text.join", "inputs": {"a": LONG, "b": "'", "c": '"', "separator": "\\"}},
        "many": {"type": "of.nobody", "inputs": {f"input {index}": {"$link": "a-b.value"} for index in range(9)}},
        "y" * 64: {"type": "text.join", "inputs": {"a": {"$link": "a-b.value"}, "b": {"$link": "no.value"}}},
        "end": {"type": "subgraph:" + "z" * 60, "inputs": {}},
    },
    "subgraphs": {
        "z" * 60: {"title": LONG, "nodes": {"z" * 64: {"type": "text.join"}, "t": {"type": "primitive.text"}}},
        "empty": {},
    },
    "view": {"nodes": {"end": {"x": 0.5, "y": -3}}, "notes": [{"text": LONG}]},
}
"""Everything that is long or has an odd name."""

BY_HAND = '''\
"""Typed by hand; a line that a type checker refuses says with which error."""

from graphengine.builder import Workflow
from graphengine.diffusion.types.image import Image
from graphengine.types.builtin import Seed
from nodes.image.blur import blur
from nodes.image.resize import scale
from nodes.image.save import save
from nodes.latent.empty import empty
from nodes.logic.switch import switch
from nodes.model.load import load
from nodes.primitive.number import whole
from nodes.sampling.sample import sample
from nodes.text.encode import encode
from nodes.vae.decode import decode

with Workflow(title="Text to image") as wf:

    @wf.as_subgraph()
    def soft(image: Image, factor: float = 2.0) -> Image:
        return scale(blur(image), factor)

    prompt = wf.input("prompt", "a red circle")
    model = load(wf.file("builtin:shapes-128"))
    positive = wf["positive"] = encode(model.text_encoder, prompt)
    negative = wf["negative"] = encode(model.text_encoder)
    canvas = empty(model.model, width=128, height=128)
    latent = sample(model.model, positive, negative, canvas, Seed(7), steps=20, sampler="euler")
    image = wf["image"] = decode(model.vae, latent)
    wf["image"].mode = "bypass"
    softened = soft(image, factor=1.5)
    wf.output("image", save(softened).image)
    wf.arrange({"image": (0, 120), "positive": {"x": 1, "folded": True}}, notes=[{"text": "N"}])
    either: Image = wf.untyped(switch(True, wf.untyped(image), wf.untyped(softened)))
    save(either)
    free: int = wf.input("free")
    empty(model.model, width=free)
    wf.node("other.save", image=image)

    encode(model.vae, prompt)  # arg-type
    encode(model.text_encoder, txt="x")  # call-arg
    decode(model.vae)  # call-arg
    sample(model.model, positive, negative, canvas, sampler="oiler")  # arg-type
    sample(model.model, positive, negative, canvas, seed=whole(3))  # arg-type
    load("builtin:shapes-128")  # arg-type
    soft(model.model)  # arg-type
    soft(image, factor="twice")  # arg-type
    softened.pixls  # attr-defined
    model.clip  # attr-defined
    wf["image"].mode = "off"  # assignment
    wf.input("steps", 20).upper()  # attr-defined
'''


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(load_settings())
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def exported(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the code of every workflow that is shipped, and of an odd one."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "odd.py").write_text(python_code(workflow_from(ODD), engine.registry))
    for path in WORKFLOWS:
        (folder / f"{path.stem.replace('-', '_')}.py").write_text(python_code(load_workflow(path), engine.registry))
    return folder


def tool(*command: object) -> str:
    """Run a tool of this environment from the root of the project, and return what it says."""
    arguments = [sys.executable, "-m", *(str(each) for each in command)]
    done = subprocess.run(arguments, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def in_readme() -> str:
    """The example that the README shows."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A workflow in Python\n")[2]
    return section.partition("```python\n")[2].partition("```\n")[0]


def test_what_the_readme_shows_makes_a_workflow(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(in_readme(), {})  # noqa: S102 - the example is what is tested
    graph = engine.resolve(load_workflow(tmp_path / "text-to-image.json"))
    assert list(graph.nodes) == ["load", "positive", "negative", "empty", "sample", "decode", "save"]
    assert graph.nodes["positive"].constants["text"] == "a red circle"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_shipped_workflow_survives_the_round_trip(engine: Engine, path: Path) -> None:
    document = load_workflow(path)
    code = python_code(document, engine.registry)
    names: dict[str, Any] = {"__name__": "exported"}
    exec(code, names)  # noqa: S102 - the code is what is tested
    assert names["wf"].document() == document
    assert json.dumps(names["wf"].to_json()) == json.dumps(document.to_json())
    assert ".node(" not in code, "every node is a typed call"
    names["wf"].check(engine.registry)


def test_every_built_in_node_can_be_called_without_what_the_engine_passes(engine: Engine) -> None:
    for spec in engine.registry.nodes.values():
        given = spec.function.__kwdefaults__ or {}
        assert all(given.get(each.name) in (injected, FIRST, NO_CHECKPOINTS) for each in spec.injected), spec.id


def test_linter_and_formatter_have_nothing_to_say(exported: Path) -> None:
    assert "already formatted" in tool("ruff", "format", "--check", "--config", "pyproject.toml", exported)
    checked = tool("ruff", "check", "--config", "pyproject.toml", "--ignore", "INP001", exported)
    assert "All checks passed!" in checked, checked


def test_the_type_checker_takes_what_is_right_and_refuses_what_is_wrong(exported: Path, tmp_path: Path) -> None:
    by_hand, readme = tmp_path / "by_hand.py", tmp_path / "readme.py"
    by_hand.write_text(BY_HAND)
    readme.write_text(in_readme())
    said = tool("mypy", "--no-error-summary", "--hide-error-context", *exported.glob("*.py"), by_hand, readme)
    found = {(int(line), code) for line, code in re.findall(r"by_hand\.py:(\d+): error: .*\[([a-z-]+)\]", said)}
    wanted = {
        (number, line.partition("  # ")[2]) for number, line in enumerate(BY_HAND.splitlines(), 1) if "  # " in line
    }
    assert found == wanted, said
    assert "error" not in re.sub(r"^.*by_hand\.py.*$", "", said, flags=re.MULTILINE), said
