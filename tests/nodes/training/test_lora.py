"""Training a LoRA in a workflow: it learns, goes on where it was cut off, and what it leaves is read by other tools."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from tiny_models import NEGATIVE, PROMPT
from trainings import Memory

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.training.lora import as_file
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import Control, ControlNetRef, ModelRef, Patch
from graphengine.errors import Cancelled, NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.run.context import TaskContext
from nodes.adapter.lora import lora_model
from nodes.data.draw import draw
from nodes.training.lora import Trained, train_lora
from nodes.training.save import save_weights

pytestmark = pytest.mark.torch


def train(model: Any, context: Any, checkpoints: Checkpoints = NO_CHECKPOINTS, **given: Any) -> Trained:
    parts = model.checkpoint
    settings = {"steps": 8, "batch": 2, "rank": 2, "alpha": 4.0, "seed": 3} | given
    data = [draw(count, size=16, seed=seed, style="silhouette") for count, seed in ((16, 1), (4, 2))]
    return train_lora(
        parts.model, parts.text_encoder, parts.vae, *data, **settings, pool=model.pool, context=context,
        checkpoints=checkpoints,
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


def test_another_seed_is_another_lora(model: Any, notes: Any) -> None:
    assert train(model, notes, steps=2) == train(model, notes, steps=2)
    assert train(model, notes, steps=2).weights != train(model, notes, steps=2, seed=4).weights


@pytest.mark.parametrize("layers", ["attention", "attention and convolutions"])
def test_it_learns_and_the_model_stays_as_it_is(model: Any, notes: Any, layers: Any) -> None:
    before = drawn(model, model.checkpoint.model)
    trained = train(model, notes, steps=25, rate=2e-2, batch=4, rank=8, alpha=8.0, layers=layers)
    assert trained.gain > 0.01
    assert any("resnets" in name for name in trained.weights.tensors) == (layers != "attention")
    assert torch.equal(drawn(model, model.checkpoint.model), before)


def test_plain_diffusers_reads_what_it_leaves(model: Any, notes: Any, context: TaskContext) -> None:
    trained = train(model, notes, steps=6, rate=2e-2, layers="attention and convolutions")
    file = save_weights(trained.weights, "lora", half=False, context=context).file
    pipeline = StableDiffusionPipeline(**model.components(), requires_safety_checker=False)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(str(file.path))
    theirs = pipeline(
        PROMPT,
        negative_prompt=NEGATIVE,
        width=16,
        height=16,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).images
    ours = drawn(model, lora_model(model.checkpoint.model, file, pool=model.pool))
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, drawn(model, model.checkpoint.model))


def test_it_carries_how_it_was_made(model: Any, notes: Any, context: TaskContext) -> None:
    trained = train(model, notes, steps=2, patience=1)
    saved: Path = save_weights(trained.weights, "lora", context=context).file.path
    with safe_open(saved, "pt") as file:
        told, names = file.metadata(), set(file.keys())
    assert {told["kind"], told["rank"], told["ss_network_dim"]} == {"lora", "2"}
    assert (told["steps"], told["seed"], told["ss_network_alpha"]) == ("2", "3", "4.0")
    assert all(name.startswith("lora_unet_") for name in names)


@pytest.mark.parametrize("name", ["third", "dev", "wan"])
def test_transformers_that_predict_a_flow_learn_and_diffusers_reads_it(
    request: Any, unwatched: Any, context: TaskContext, name: str
) -> None:
    tiny, every = request.getfixturevalue(name), "attention and convolutions"
    trained = train(tiny, unwatched, steps=12, rate=2e-2, rank=4, alpha=8.0, layers=every)
    assert trained.gain > 0.01
    alone = train(tiny, unwatched, steps=1).weights.tensors
    assert 0 < len(alone) < len(trained.weights.tensors)
    assert all(".attn" in key for key in alone)
    file = save_weights(trained.weights, "lora", half=False, context=context).file
    applied = lora_model(tiny.checkpoint.model, file, pool=tiny.pool)
    pipeline = tiny.pipeline()
    pipeline.load_lora_weights(str(file.path))
    pipeline.fuse_lora()
    theirs = {key.replace(".base_layer", ""): each for key, each in pipeline.transformer.named_parameters()}
    with tiny.pool.use(applied) as lent, tiny.pool.use(tiny.checkpoint.model) as plain:
        before = dict(plain.module.named_parameters())
        layers = {key: each for key, each in lent.module.named_modules() if hasattr(each, "get_delta_weight")}
        assert 2 * len(layers) == len(trained.weights.tensors)
        moved = 0
        for key, layer in layers.items():
            change = sum(layer.get_delta_weight(each) for each in layer.active_adapters)
            moved += bool(change.abs().max() > 1e-4)
            assert torch.allclose(before[f"{key}.weight"] + change, theirs[f"{key}.weight"], atol=1e-6), key
    assert moved > 0.8 * len(layers), "what some last layers make of texts is not used"


def test_what_a_file_without_alpha_is_scaled_by_is_in_the_weights() -> None:
    down, up = torch.randn(2, 5), torch.randn(3, 2)
    raw = {"blocks/0/attn/to_q/lora_A/trained/weight": down, "blocks/0/attn/to_q/lora_B/trained/weight": up}
    told = as_file(raw, 6.0, "transformer")
    start = "transformer.blocks.0.attn.to_q.lora_"
    assert told.keys() == {f"{start}A.weight", f"{start}B.weight"}
    assert torch.allclose(told[f"{start}B.weight"] @ told[f"{start}A.weight"], 3.0 * up @ down)


def test_every_finer_setting_changes_what_is_learnt(model: Any, unwatched: Any) -> None:
    plain = train(model, unwatched, steps=2).weights
    assert train(model, unwatched, steps=2, optimiser=Optimiser(0.01, ema=0.99, warmup=100)).weights == plain
    for name, value in {"clip": 1e-3, "ema": 0.0, "schedule": "constant", "precision": "bfloat16"}.items():
        given = Optimiser(**({"weight_decay": 0.01, "ema": 0.99, "warmup": 100} | {name: value}))
        assert train(model, unwatched, steps=2, optimiser=given).weights != plain, name


def test_a_model_that_carries_others_is_refused(model: Any, notes: Any) -> None:
    plain, picture = model.checkpoint.model, Image(torch.zeros(1, 4, 4, 3))
    network = ControlNetRef(plain.source, "controlnet", "sd")
    for changed in (
        plain.patched(Patch("lora", plain.source)),
        replace(plain, controls=(Control(network, picture),)),
    ):
        other = replace(model, checkpoint=replace(model.checkpoint, model=changed))
        with pytest.raises(NodeError, match="carries a LoRA or a ControlNet already"):
            train(other, notes)


def test_it_is_trained_in_full_precision_whatever_the_models(model: Any, notes: Any) -> None:
    half = replace(model.checkpoint, model=replace(model.checkpoint.model, dtype="float16"))
    assert train(replace(model, checkpoint=half), notes, steps=2) == train(model, notes, steps=2)
