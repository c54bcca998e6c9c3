"""Training a depth model: it learns how far away what drawn landscapes show is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from trainings import Memory

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.depth import DepthNet, depth_from, looked_at
from graphengine.diffusion.types.image import Image
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.files.roots import File
from graphengine.models.nature import nature_of
from graphengine.models.source import open_source
from nodes.data.depth import depth as depth_of
from nodes.data.draw import draw
from nodes.data.look import look
from nodes.depth.estimate import estimate
from nodes.evaluation.depth import depth_errors
from nodes.model.load_depth import load_depth
from nodes.training.depth import Trained, train_depth
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch

FileOf = Callable[[Path], File]


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


def train(pool: ModelPool, context: Any, **given: Any) -> Trained:
    settings = {"steps": 8, "batch": 2, "width": 4, "seed": 3} | given
    data, validation = draw(64, "landscapes", size=32, seed=1), draw(8, "landscapes", size=32, seed=2)
    return train_depth(data, validation, **settings, pool=pool, context=context)


def test_it_learns_how_far_away_things_are(pool: ModelPool, notes: Any) -> None:
    begun, trained = train(pool, notes, steps=1), train(pool, notes, steps=60, rate=1e-2)
    assert trained.correlation > max(0.6, begun.correlation + 0.1)
    assert trained.abs_rel < begun.abs_rel
    assert trained.weights.kind == "depth"
    assert trained.weights.notes["correlation"] == f"{trained.correlation:.4f}"


def test_one_that_is_cut_off_ends_in_the_same_weights(pool: ModelPool, notes: Any) -> None:
    whole, memory = train(pool, notes), Memory()
    notes.cancel_at = len(notes.steps) + 5
    with pytest.raises(Cancelled):
        train(pool, notes, checkpoints=memory)
    assert memory.kept is not None
    notes.cancel_at = None
    again = train(pool, notes, checkpoints=memory)
    assert all(torch.equal(again.weights.tensors[name], tensor) for name, tensor in whole.weights.tensors.items())


def test_what_was_saved_is_a_depth_model(pool: ModelPool, notes: Any, context: Any, file_of: FileOf) -> None:
    trained = train(pool, notes, steps=60, rate=1e-2)
    saved = save_weights(trained.weights, "depth", context=context).file
    assert nature_of(open_source(saved.path)).role == "depth"
    data = draw(4, "landscapes", size=32, seed=2)
    told = estimate(load_depth(file_of(saved.path)), look(data, 0, 4).image, pool=pool, context=notes)
    assert told.values.shape == (4, 32, 32)
    assert depth_errors(told, depth_of(data, 0, 4)).correlation > 0.6
    wide = estimate(load_depth(file_of(saved.path)), Image(torch.rand(1, 50, 90, 3)), pool=pool, context=notes)
    assert wide.values.shape == (1, 50, 90)


def test_large_pictures_are_looked_at_in_a_size_that_it_knows() -> None:
    assert looked_at(96, 128) == (96, 128)
    assert looked_at(1, 100) == (16, 96)
    assert looked_at(1000, 2000) == (128, 256)


def test_what_cannot_be_learnt_is_refused(pool: ModelPool, notes: Any) -> None:
    landscapes = draw(4, "landscapes", size=32)
    with pytest.raises(NodeError, match="on a plain ground have no depth"):
        train_depth(draw(8, "one figure", size=32), landscapes, steps=1, pool=pool, context=notes)
    with pytest.raises(NodeError, match="40 pixels cannot be halved four times"):
        train_depth(draw(8, "landscapes", size=40), landscapes, steps=1, pool=pool, context=notes)


def test_what_is_no_depth_model_is_refused(pool: ModelPool, notes: Any, file_of: FileOf, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 channels"):
        depth_from({})
    path = tmp_path / "cut.safetensors"
    tensors = dict(DepthNet(4).state_dict())
    save_file({name: tensor for name, tensor in tensors.items() if name != "up.0.0.bias"}, path)
    with pytest.raises(ModelRefused, match=r"up\.0\.0\.bias"):
        estimate(load_depth(file_of(path)), Image(torch.rand(1, 16, 16, 3)), pool=pool, context=notes)
    save_file({"head.weight": load_file(path)["head.weight"]}, path)
    with pytest.raises(ModelRefused, match="no folder of a single network"):
        load_depth(file_of(path))
