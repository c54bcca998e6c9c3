"""Training an upscaler in a workflow: it learns, it goes on where it was cut off, and its weights are a plain file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from trainings import Memory

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.upscaler import CompactUpscaler, upscaler_from
from graphengine.diffusion.types.codecs_training import WeightsCodec
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import Cancelled, NodeError
from graphengine.files.roots import File
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from graphengine.types.codec import Encoded
from nodes.data.draw import draw
from nodes.training.enlarge import enlarge
from nodes.training.load import load_weights
from nodes.training.save import save_weights
from nodes.training.upscaler import Trained, train_upscaler

pytestmark = pytest.mark.torch


@pytest.fixture
def pool() -> ModelPool:
    return ModelPool(torch.device("cpu"), None)


def train(pool: ModelPool, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    settings = {"steps": 12, "batch": 2, "crop": 24, "width": 8, "depth": 1, "seed": 3} | given
    data, validation = draw(16, size=32, seed=1), draw(4, size=32, seed=2)
    return train_upscaler(data, validation, **settings, pool=pool, context=context, checkpoints=checkpoints)


def test_a_training_that_is_cut_off_ends_in_the_same_weights(pool: ModelPool, notes: Any) -> None:
    whole = train(pool, notes)
    assert notes.steps == [(step, 12) for step in range(1, 13)]
    assert len(notes.previews) == 12  # so short a training is measured at every step
    memory = Memory()
    for last in (5, 9):
        notes.cancel_at = len(notes.steps) + last - (notes.steps[-1][0] if memory.kept else 0)
        with pytest.raises(Cancelled):
            train(pool, notes, memory)
        assert notes.steps[-1] == (last, 12)
    notes.cancel_at = None
    resumed = train(pool, notes, memory)
    assert notes.steps[-3:] == [(10, 12), (11, 12), (12, 12)]
    assert resumed == whole


def test_a_state_of_something_else_is_passed_over(pool: ModelPool, notes: Any) -> None:
    memory = Memory()
    for meta in ({"form": "sampling.1"}, {"form": "training.1"}, {"form": "training.1", "state": {"tensor": "x"}}):
        memory.kept = Encoded(meta)
        notes.steps.clear()
        train(pool, notes, memory, steps=2)
        assert notes.steps == [(1, 2), (2, 2)]


def test_it_learns(pool: ModelPool, notes: Any) -> None:
    begun, trained = train(pool, notes, steps=1), train(pool, notes, steps=150, rate=5e-3, batch=4)
    assert begun.bicubic == trained.bicubic
    assert trained.psnr > begun.psnr + 1


def test_it_ends_when_nothing_becomes_better(pool: ModelPool, notes: Any) -> None:
    train(pool, notes, steps=40, rate=0.9, patience=3)  # measured every two steps; so fast, it soon gets worse
    assert 2 + 3 * 2 <= notes.steps[-1][0] < 40
    assert notes.steps[-1][0] % 2 == 0


def test_weights_are_a_file_that_carries_how_they_were_made(pool: ModelPool, notes: Any, context: TaskContext) -> None:
    trained = train(pool, notes, factor="3", steps=3)
    saved = save_weights(trained.weights, "deep/up", half=False, context=context)
    with safe_open(saved.file.path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        told = file.metadata()
    assert {told["kind"], told["steps"], told["factor"]} == {"upscaler", "3"}
    assert told["psnr"] == f"{trained.psnr:.2f} dB"
    assert upscaler_from(tensors).factor == 3
    assert all(torch.equal(tensors[name], tensor) for name, tensor in trained.weights.tensors.items())
    half = save_weights(trained.weights, "up", context=context).file.path
    assert half.stat().st_size < 0.8 * saved.file.path.stat().st_size


def test_what_it_begins_with_is_plain_enlargement(pool: ModelPool, notes: Any) -> None:
    fresh = Weights("upscaler", CompactUpscaler(2, 8, 1).state_dict(), {})
    picture = Image(torch.rand(2, 5, 7, 3))
    made = enlarge(picture, fresh, pool=pool, context=notes)
    assert torch.equal(made.pixels, picture.pixels.repeat_interleave(2, 1).repeat_interleave(2, 2))


def test_what_does_not_fit_is_refused(pool: ModelPool, notes: Any) -> None:
    with pytest.raises(NodeError, match="crops of 33 pixels do not fit into pictures of 32"):
        train(pool, notes, crop=33)
    for weights in (Weights("denoiser", {}, {}), Weights("upscaler", {"body.0.weight": torch.zeros(1)}, {})):
        with pytest.raises(NodeError, match="upscaler"):
            enlarge(Image(torch.rand(1, 4, 4, 3)), weights, pool=pool, context=notes)


def test_weights_are_stored_to_the_bit() -> None:
    codec = WeightsCodec()
    weights = Weights("upscaler", CompactUpscaler(2, 4, 0).state_dict(), {"steps": "3"})
    again = codec.decode(codec.encode(weights))
    assert again == weights
    assert codec.nbytes(weights) == sum(tensor.nbytes for tensor in weights.tensors.values())
    assert "body.0.weight: 4x3x3x3" in repr(weights)
    with pytest.raises(ValueError, match="is missing"):
        codec.decode(Encoded({"kind": "upscaler"}))


def test_what_was_saved_is_loaded(
    pool: ModelPool, notes: Any, context: TaskContext, tmp_path: Path, file_of: Callable[[Path], File]
) -> None:
    weights = train(pool, notes, steps=3).weights
    saved = save_weights(weights, "up", half=False, context=context).file
    again = load_weights(saved)
    assert again == Weights(weights.kind, dict(sorted(weights.tensors.items())), again.notes)
    assert again.notes == weights.notes
    (tmp_path / "broken").write_bytes(saved.path.read_bytes()[:-5])
    with pytest.raises(NodeError, match="cannot be read as safetensors"):
        load_weights(file_of(tmp_path / "broken"))
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign")
    with pytest.raises(NodeError, match="does not say what its weights are of"):
        load_weights(file_of(tmp_path / "foreign"))
