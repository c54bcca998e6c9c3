"""Training a whole denoiser: it learns, goes on where it was cut off, and is used like any other model."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from tiny_models import NEGATIVE, PROMPT
from trainings import Memory

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import ModelRef, Patch, TextEncoderRef
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.files.roots import File
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.data.draw import draw
from nodes.training.apply import Applied, apply_weights
from nodes.training.denoiser import train_denoiser
from nodes.training.fitness import TrainedDenoiser as Trained
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch


OTHER: dict[str, Any] = {"weight_decay": 1.0, "clip": 1e-3, "ema": 0.0, "schedule": "constant", "precision": "bfloat16"}


def train(model: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    parts = model.checkpoint
    settings = {"steps": 8, "batch": 2, "rate": 1e-2, "seed": 3} | given
    data = [draw(count, size=16, seed=seed) for count, seed in ((16, 1), (2, 2))]
    return train_denoiser(
        parts.model, parts.text_encoder, parts.vae, *data, **settings, pool=model.pool, context=context,
        checkpoints=checkpoints,
    )  # fmt: skip


def drawn(model: Any, denoiser: ModelRef, encoder: TextEncoderRef | None = None) -> torch.Tensor:
    read = encoder or model.checkpoint.text_encoder
    positive, negative = (encode_text(model.pool, read, each) for each in (PROMPT, NEGATIVE))
    settings = Sampling(3, 3, sampler="pndm")
    return sample(model.pool, denoiser, positive, negative, empty_latent(denoiser, 16, 16), settings=settings).samples


def applied(model: Any, trained: Trained, context: TaskContext) -> Applied:
    file = save_weights(trained.weights, "trained", half=False, context=context).file
    return apply_weights(model.checkpoint.model, model.checkpoint.text_encoder, file, pool=model.pool)


@pytest.mark.parametrize("together", ["stays", "trained too", "trained alone"])
def test_a_training_that_is_cut_off_ends_in_the_same_weights(
    model: Any, notes: Any, unwatched: Any, together: str
) -> None:
    settings = {"start": "fresh", "text_encoder": together, "dropout": 0.2, "steps": 4}
    whole = train(model, unwatched, **settings)
    assert unwatched.steps == [(step, 4) for step in range(1, 5)]
    memory = Memory()
    notes.cancel_at = 2
    with pytest.raises(Cancelled):
        train(model, notes, memory, **settings)
    notes.cancel_at = None
    resumed = train(model, notes, memory, **settings)
    assert notes.steps[-2:] == [(3, 4), (4, 4)]
    assert len(notes.previews) == 3, "who looks changes nothing"
    assert notes.previews[-1].height > 192, "pictures are under the curve"
    assert resumed == whole


@pytest.mark.parametrize("start", ["its weights", "fresh"])
def test_it_learns_and_is_used_and_the_model_stays_as_it_is(
    model: Any, unwatched: Any, context: TaskContext, start: Any
) -> None:
    before = drawn(model, model.checkpoint.model)
    trained = train(model, unwatched, steps=25, batch=4, start=start)
    assert trained.gain > 0.05
    result = applied(model, trained, context)
    assert result.text_encoder == model.checkpoint.text_encoder
    assert not torch.equal(drawn(model, result.model), before)
    assert torch.equal(drawn(model, model.checkpoint.model), before)


def test_what_is_applied_computes_with_the_trained_weights(model: Any, unwatched: Any, context: TaskContext) -> None:
    trained = train(model, unwatched, steps=3, text_encoder="trained too")
    result = applied(model, trained, context)
    for ref, start in zip(result, ("model.", "text_encoder.0."), strict=True):
        with model.pool.use(ref) as loaded:
            own = loaded.modules[0].state_dict()
        told = {name.removeprefix(start): each for name, each in trained.weights.tensors.items() if start in name}
        assert own.keys() == told.keys()
        assert all(torch.equal(own[name], told[name]) for name in told)
    assert not torch.equal(drawn(model, *result), drawn(model, result.model))


@pytest.mark.parametrize("start", ["its weights", "fresh"])
def test_a_text_encoder_alone_learns_and_the_denoiser_stays(
    model: Any, unwatched: Any, context: TaskContext, start: Any
) -> None:
    trained = train(model, unwatched, steps=25, batch=4, start=start, text_encoder="trained alone")
    assert trained.gain > 0
    assert {name.split(".")[0] for name in trained.weights.tensors} == {"text_encoder"}
    assert trained.weights.notes["text_encoder"] == "trained alone"
    result = applied(model, trained, context)
    assert result.model == model.checkpoint.model
    with model.pool.use(result.text_encoder) as loaded:
        own = loaded.modules[0].state_dict()
    weights = {name.removeprefix("text_encoder.0."): each for name, each in trained.weights.tensors.items()}
    assert all(torch.equal(own[name], weights[name]) for name in weights)
    plain = drawn(model, model.checkpoint.model)
    assert not torch.equal(drawn(model, *result), plain)
    assert torch.equal(drawn(model, model.checkpoint.model), plain)


def test_every_setting_changes_what_is_learnt(model: Any, unwatched: Any) -> None:
    plain = train(model, unwatched, steps=2).weights
    assert train(model, unwatched, steps=2).weights == plain
    for changed in (
        {"dropout": 0.5}, {"min_snr": 0.0}, {"caption_dropout": 1.0}, {"seed": 4}, {"start": "fresh"},
        *({"optimiser": Optimiser(**{name: value})} for name, value in OTHER.items()),
    ):  # fmt: skip
        assert train(model, unwatched, steps=2, **changed).weights != plain, changed


def test_it_ends_when_nothing_gets_better(model: Any, unwatched: Any) -> None:
    train(model, unwatched, steps=20, rate=1e-12, patience=2)
    assert len(unwatched.steps) < 20


def test_it_says_how_it_came_about(model: Any, unwatched: Any) -> None:
    told = train(model, unwatched, steps=2, start="fresh").weights.notes
    assert (told["start"], told["steps"], told["seed"], told["schedule"]) == ("fresh", "2", "3", "cosine")
    assert float(told["error"]) > 0


def test_a_model_that_carries_others_is_refused(model: Any, unwatched: Any) -> None:
    plain = model.checkpoint
    for part in ("model", "text_encoder"):
        changed = getattr(plain, part).patched(Patch("lora", plain.model.source))
        other = replace(model, checkpoint=replace(plain, **{part: changed}))
        with pytest.raises(NodeError, match="already"):
            train(other, unwatched)


def test_weights_of_another_model_are_refused(
    model: Any, make_model: Any, unwatched: Any, context: TaskContext
) -> None:
    trained = train(model, unwatched, steps=1)
    larger = make_model(block_out_channels=(24, 32))
    with pytest.raises(ModelRefused, match="has no place"):
        applied(larger, trained, context)


def test_a_file_of_something_else_is_refused(model: Any, picture_file: File) -> None:
    parts = model.checkpoint
    with pytest.raises(NodeError, match="cannot be read"):
        apply_weights(parts.model, parts.text_encoder, picture_file, pool=model.pool)
