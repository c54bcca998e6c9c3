"""What a lock says of a run, and what the document says of its models."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plain_pack
import pytest
from documents import link, model_file, workflow

from graphengine.app import Engine, load_settings
from graphengine.files.digest import Digests
from graphengine.files.origin import LOCK, WORKFLOW, Output, texts_of
from graphengine.plan.lock import Surroundings, lock_of, pins_of

CPU = Surroundings("1.2.3", {"plain": {"device": "cpu"}}, {"coalesce": False}, frozenset({"builtin"}))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    model_file(tmp_path / "models" / "sub" / "a.safetensors", 50)
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "words.txt").write_text("words")
    settings = load_settings(model_folders=[tmp_path / "models"], input_folders=[tmp_path / "inputs"])
    return Engine(settings, packs=(plain_pack.PACK,))


def lock(engine: Engine, nodes: Any, surroundings: Surroundings = CPU, **rest: Any) -> Mapping[str, Any]:
    return lock_of(engine.plan(engine.resolve(workflow(nodes, **rest))), surroundings)


RECIPE = ["plain.recipe", {"file": "models:sub/a.safetensors"}]


def test_a_lock_names_what_was_used_and_nothing_else(engine: Engine, tmp_path: Path) -> None:
    found = lock(
        engine,
        {"r": RECIPE, "read": ["plain.read", {"file": "words.txt"}], "idle": ["plain.number", {"value": 1}]},
        outputs={"a": {"from": "r.recipe"}, "b": {"from": "read.value"}},
    )
    model, words = tmp_path / "models" / "sub" / "a.safetensors", tmp_path / "inputs" / "words.txt"
    digests = Digests()
    assert found == {
        "version": 1,
        "graphengine": "1.2.3",
        "nodes": {"plain.read": 1, "plain.recipe": 1},
        "environment": {"plain": {"device": "cpu"}},
        "settings": {"coalesce": False},
        "models": {"models:sub/a.safetensors": {"sha256": digests.of(model), "bytes": model.stat().st_size}},
        "inputs": {"words.txt": {"sha256": digests.of(words), "bytes": 5}},
    }
    assert json.loads(json.dumps(found)) == found


def test_what_loops_will_call_is_in_it_before_they_are_opened(engine: Engine) -> None:
    body = {
        "inputs": {"n": {"to": ["sum.a"]}},
        "outputs": {"recipe": {"from": "r.recipe"}, "sum": {"from": "sum.value"}},
        "nodes": {
            "r": {"type": "plain.recipe", "inputs": {"file": "models:sub/a.safetensors"}},
            "sum": {"type": "plain.add", "inputs": {"a": 0, "b": 1}},
        },
    }
    nodes = {"many": ["plain.count", {"count": 2}], "each": ["subgraph:body", {"n": link("many.values")}]}
    document = {"nodes": {name: {"type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}}
    document["nodes"]["each"]["map"] = "zip"
    flow = workflow({}, subgraphs={"body": body}, outputs={"all": {"from": "each.sum"}, "it": {"from": "each.recipe"}})
    flow = flow.model_validate({**flow.to_json(), **document})
    found = lock_of(engine.plan(engine.resolve(flow)), CPU)
    assert {"plain.recipe", "plain.add"} <= found["nodes"].keys()
    assert list(found["models"]) == ["models:sub/a.safetensors"]


def test_models_that_come_with_packs_need_no_pin(engine: Engine) -> None:
    told = {"sha256": "0" * 64, "bytes": 3}
    pins = pins_of({"models": {"builtin:a": told, "models:b": told, "/somewhere/c": told}}, CPU.own)
    assert {name: pin.bytes for name, pin in pins.items()} == {"models:b": 3, "/somewhere/c": 3}


async def test_the_document_of_a_run_says_what_its_models_contain(engine: Engine, tmp_path: Path) -> None:
    document = workflow({"r": RECIPE}, outputs={"a": {"from": "r.recipe"}})
    run = engine.start(document, engine.plan(engine.resolve(document)), tmp_path, lambda _: None)
    ((reference, model),) = run.info.lock["models"].items()
    assert run.info.workflow == {**document.to_json(), "models": {reference: model}}
    assert run.info.lock["graphengine"]
    assert run.info.lock["settings"] == {"coalesce": False}
    await run.result()
    engine.close()


def test_equal_results_are_equal_files() -> None:
    document = workflow({"n": ["plain.number", {"value": 1}]}).to_json()
    texts = texts_of(document, {"version": 1}, Output("save", 2))
    assert json.loads(texts[WORKFLOW]) == document
    assert json.loads(texts[LOCK]) == {"version": 1, "output": {"task": "save", "index": 2}}
    assert texts == texts_of(document, {"version": 1}, Output("save", 2))
    assert texts_of(document, {}, Output("save")).keys() == {WORKFLOW}
