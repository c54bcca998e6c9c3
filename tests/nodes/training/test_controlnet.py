"""Training a ControlNet in a workflow: it learns to read, goes on where it was cut off, and diffusers reads it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny_models import NEGATIVE, PROMPT, as_file
from trainings import Memory

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control, ControlNetRef, ModelRef, Patch
from graphengine.errors import Cancelled, ModelRefused, NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.control.apply import apply
from nodes.control.load import load
from nodes.data.draw import draw
from nodes.data.hints import hints
from nodes.training.controlnet import Trained, train_controlnet
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch

GUIDE = Image(torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(1)))


def pictures(count: int, seed: int) -> Dataset:
    return hints(draw(count, "landscapes", 16, seed=seed))  # type: ignore[arg-type]


def train(model: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    parts = model.checkpoint
    settings = {"steps": 8, "batch": 2, "width": 16, "seed": 3} | given
    return train_controlnet(
        parts.model, parts.text_encoder, parts.vae, pictures(16, 1), pictures(4, 2), **settings, pool=model.pool,
        context=context, checkpoints=checkpoints,
    )  # fmt: skip


def drawn(model: Any, denoiser: ModelRef) -> torch.Tensor:
    positive, negative = (encode_text(model.pool, model.checkpoint.text_encoder, each) for each in (PROMPT, NEGATIVE))
    settings = Sampling(3, 3, sampler="pndm")
    return sample(model.pool, denoiser, positive, negative, empty_latent(denoiser, 16, 16), settings=settings).samples


def test_a_training_that_is_cut_off_ends_in_the_same_weights(model: Any, notes: Any) -> None:
    whole = train(model, notes)
    assert notes.steps == [(step, 8) for step in range(1, 9)]
    assert len(notes.previews) == 8
    memory = Memory()
    notes.cancel_at = len(notes.steps) + 5
    with pytest.raises(Cancelled):
        train(model, notes, memory)
    notes.cancel_at = None
    resumed = train(model, notes, memory)
    assert notes.steps[-3:] == [(6, 8), (7, 8), (8, 8)]
    assert resumed == whole


def test_it_learns_and_the_model_stays_as_it_is(model: Any, notes: Any, context: TaskContext) -> None:
    before = drawn(model, model.checkpoint.model)
    trained = train(model, notes, steps=25, rate=2e-2, batch=4)
    assert trained.gain > 0.01
    assert torch.equal(drawn(model, model.checkpoint.model), before)
    file = save_weights(trained.weights, "control", context=context).file
    further = train(model, notes, steps=1, rate=1e-5, begin=load(file))
    assert further.gain == pytest.approx(trained.gain, abs=0.02), "it goes on from what was learned"


def test_one_that_has_learned_nothing_changes_nothing(model: Any, notes: Any, context: TaskContext) -> None:
    file = save_weights(train(model, notes, steps=1, rate=1e-30).weights, "control", context=context).file
    steered = apply(model.checkpoint.model, load(file), GUIDE)
    assert torch.allclose(drawn(model, steered), drawn(model, model.checkpoint.model), atol=1e-5)


def test_plain_diffusers_reads_what_it_leaves(model: Any, notes: Any, context: TaskContext) -> None:
    file = save_weights(train(model, notes, steps=6, rate=2e-2).weights, "control", half=False, context=context).file
    with safe_open(file.path, "pt") as opened:
        told = opened.metadata()
    network = ControlNetModel(**json.loads(told["config"]))
    network.load_state_dict(load_file(file.path))
    pipeline = StableDiffusionControlNetPipeline(
        **model.components(), controlnet=network, requires_safety_checker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        PROMPT, image=GUIDE.pixels.permute(0, 3, 1, 2), negative_prompt=NEGATIVE, width=16, height=16,
        num_inference_steps=3, generator=torch.Generator().manual_seed(3), output_type="latent",
    ).images  # fmt: skip
    ours = drawn(model, apply(model.checkpoint.model, load(file), GUIDE))
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, drawn(model, model.checkpoint.model))
    assert (told["kind"], told["steps"], told["seed"], told["hints"]) == ("controlnet", "6", "3", "depth")


def test_a_file_whose_configuration_is_none_is_refused(
    model: Any, notes: Any, context: TaskContext, tmp_path: Path
) -> None:
    saved = save_weights(train(model, notes, steps=1).weights, "control", context=context).file.path
    for config, told in (("{", "is not JSON"), ("[]", "is no JSON object")):
        save_file(load_file(saved), tmp_path / "other.safetensors", {"config": config})
        ref = load(as_file(tmp_path / "other.safetensors"))
        with pytest.raises(ModelRefused, match=told), model.pool.use(ref):
            pass


def test_what_cannot_be_trained_is_refused(model: Any, notes: Any) -> None:
    parts = model.checkpoint
    data = pictures(4, 1)
    for changed, told in (
        (replace(parts.model, prediction="flow"), "that predict flow"),
        (parts.model.patched(Patch("lora", parts.model.source)), "carries a LoRA or a ControlNet"),
        (
            replace(parts.model, controls=(Control(ControlNetRef(parts.model.source, "controlnet", "sd"), GUIDE),)),
            "carries a LoRA or a ControlNet",
        ),
    ):
        with pytest.raises(NodeError, match=told):
            train_controlnet(changed, parts.text_encoder, parts.vae, data, data, pool=model.pool, context=notes)
    with pytest.raises(NodeError, match="no hints"):
        train_controlnet(parts.model, parts.text_encoder, parts.vae, data, draw(4), pool=model.pool, context=notes)


def test_one_of_another_model_is_nothing_to_go_on_from(
    model: Any, make_model: Any, notes: Any, context: TaskContext
) -> None:
    file = save_weights(train(model, notes, steps=1).weights, "control", context=context).file
    with pytest.raises(NodeError, match="no ControlNet for this model"):
        train(make_model(cross_attention_dim=48), notes, begin=load(file))
