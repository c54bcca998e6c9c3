"""What a plan knows beside fingerprints."""

from pathlib import Path

import pytest
from documents import Nodes, link, workflow

from graphengine.app import Engine, load_settings
from graphengine.plan.planner import make_plan

NODES: Nodes = {
    "blob": ["plain.blob", {}],
    "same": ["plain.blob", {}],
    "other": ["plain.blob", {"fill": 1}],
    "a": ["plain.look", {"blob": link("blob.blob")}],
    "b": ["plain.look", {"blob": link("same.blob")}],
    "c": ["plain.look", {"blob": link("other.blob")}],
}


def test_tasks_with_the_same_weights_are_known_by_what_is_linked(engine: Engine) -> None:
    tasks = make_plan(engine.resolve(workflow(NODES)), weights=("Blob",)).tasks
    assert tasks["a"].weights == tasks["b"].weights != tasks["c"].weights
    assert [len(tasks[name].weights) for name in "abc"] == [1, 1, 1]
    assert tasks["blob"].weights == frozenset()


def test_without_types_of_weights_there_are_none(engine: Engine) -> None:
    assert not any(task.weights for task in make_plan(engine.resolve(workflow(NODES))).tasks.values())


@pytest.mark.torch
def test_the_parts_of_a_model_are_weights_of_their_own(tmp_path: Path) -> None:
    engine = Engine(load_settings(input_folders=[tmp_path]))
    nodes: Nodes = {
        "model": ["model.load", {"source": "builtin:shapes-128"}],
        "yes": ["text.encode", {"encoder": link("model.text_encoder"), "text": "a"}],
        "no": ["text.encode", {"encoder": link("model.text_encoder"), "text": "b"}],
        "canvas": ["latent.empty", {"model": link("model.model")}],
        "decode": ["vae.decode", {"vae": link("model.vae"), "latent": link("canvas.latent")}],
    }
    tasks = engine.plan(engine.resolve(workflow(nodes))).tasks
    assert tasks["yes"].weights == tasks["no"].weights
    assert len({tasks[name].weights for name in ("yes", "canvas", "decode")}) == 3
