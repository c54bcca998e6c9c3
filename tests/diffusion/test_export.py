"""The whole recipe at toy size, from nothing to a folder that any diffusers user can load."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from graphengine.diffusion.training.autoencoder import AutoencoderRecipe
from graphengine.diffusion.training.card import Effort, Efforts, card, measure
from graphengine.diffusion.training.denoiser import DenoiserRecipe
from graphengine.diffusion.training.export import export
from graphengine.diffusion.training.judging import generator_of, load_pipeline
from graphengine.diffusion.training.layout import put_layout, train_layout
from graphengine.diffusion.training.loop import Pace, Stop
from graphengine.diffusion.training.stages import (
    MissingStageError,
    Recipe,
    TrainingFolder,
    load_autoencoder,
    train_autoencoder,
    train_denoiser,
)

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")
RECIPE = Recipe(
    AutoencoderRecipe(width=8, blocks=(1, 1, 1, 1), size=32, crop=16, batch=2),
    DenoiserRecipe(channels=(16, 16, 16), heads=2, text_width=16, text_layers=1, size=32, batch=4, control=4),
)
PACE = Pace(steps=2, rate=1e-3)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = TrainingFolder(tmp_path_factory.mktemp("training"))
    train_autoencoder(folder, RECIPE, PACE, Stop(), CPU)
    train_denoiser(folder, RECIPE, 20, PACE, Stop(), CPU)
    export(folder, RECIPE, folder.root / "model")
    return folder.root / "model"


def test_the_export_is_an_ordinary_pipeline(exported: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(exported, local_files_only=True)
    assert {part.dtype for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder)} == {torch.float32}
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert pipeline.vae.config.scaling_factor != 1
    pictures = pipeline(["a red circle"] * 2, num_inference_steps=2, output_type="np").images
    assert pictures.shape == (2, 32, 32, 3)
    assert not list(exported.rglob("*.bin"))


def test_a_picture_depends_on_its_prompt_and_seed_alone(exported: Path) -> None:
    pipeline = load_pipeline(exported)
    generate = generator_of(pipeline, steps=2)
    alone = generate(["a red circle"])[0]
    together = generate(["a blue ring", "a red circle"])[1]
    other = generator_of(pipeline, steps=2, seed=1)(["a red circle"])[0]
    assert np.abs(alone.astype(int) - together).max() <= 1  # batches may sum in another order
    assert not np.array_equal(alone, other)


def test_a_card_tells_effort_and_figures(exported: Path) -> None:
    text = card(
        measure(exported, steps=1),
        Efforts(Effort(100, 1600, 0.5), Effort(2000, 64000, 1.25), Effort(9, 99, 0.1)),
        "a toy",
    )
    assert "Trained on a toy." in text
    assert "| 2,000 | 64,000 | 1.25 |" in text
    assert "license: apache-2.0" in text


def test_the_last_stage_goes_on_from_the_exported_weights(exported: Path, tmp_path: Path) -> None:
    folder, model = TrainingFolder(tmp_path / "training"), tmp_path / "model"
    shutil.copytree(exported, model)
    before = load_pipeline(model)
    train_layout(folder, RECIPE.denoiser, model, 20, Pace(steps=2, rate=0.0), Stop(), CPU)
    put_layout(folder, model)
    same = load_pipeline(model)
    for part in ("unet", "text_encoder"):
        own, other = (getattr(each, part).state_dict() for each in (before, same))
        assert all(torch.equal(own[name], other[name]) for name in own)
    train_layout(folder, RECIPE.denoiser, model, 20, Pace(steps=4, rate=1e-3, warmup=0), Stop(), CPU)
    put_layout(folder, model)
    trained = load_pipeline(model)
    assert not torch.equal(trained.unet.conv_in.weight, before.unet.conv_in.weight)
    assert torch.equal(trained.vae.decoder.layers[0].weight, before.vae.decoder.layers[0].weight)


def test_stages_ask_for_those_before_them(tmp_path: Path) -> None:
    folder = TrainingFolder(tmp_path)
    with pytest.raises(MissingStageError, match="train it first"):
        load_autoencoder(folder, RECIPE)
    with pytest.raises(MissingStageError, match="train it first"):
        export(folder, RECIPE, tmp_path / "model")
    with pytest.raises(MissingStageError, match="train the layout first"):
        put_layout(folder, tmp_path / "model")
