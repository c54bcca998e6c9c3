"""Saving a model: what comes back is what was put together, for us and for diffusers."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from lora_files import save_lora
from safetensors.torch import save_file
from tiny_models import NEGATIVE, PROMPT, as_file

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.table import Checkpoint, open_checkpoint
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.refs import Patch
from graphengine.errors import ModelRefused
from graphengine.run.context import TaskContext
from nodes.model.save import save_model

pytestmark = pytest.mark.torch


@pytest.fixture
def trained(model: Any, tmp_path: Path) -> Patch:
    with model.pool.use(model.checkpoint.model) as denoiser:
        weights = {f"model.{name}": each * 1.1 for name, each in denoiser.module.state_dict().items()}
    save_file(weights, tmp_path / "trained.safetensors", {"kind": "denoiser", "steps": "7"})
    return Patch("weights", as_file(tmp_path / "trained.safetensors"))


def saved(model: Any, parts: Checkpoint, context: TaskContext, folder: Path, *, half: bool = False) -> Path:
    file = save_model(
        parts.model,
        parts.text_encoder,
        parts.vae,
        "model",
        half,
        pool=model.pool,
        context=context,  # type: ignore[arg-type]
    )
    with zipfile.ZipFile(file.path) as packed:
        packed.extractall(folder)
    return folder


def drawn(model: Any, parts: Checkpoint) -> torch.Tensor:
    positive, negative = (encode_text(model.pool, parts.text_encoder, each) for each in (PROMPT, NEGATIVE))  # type: ignore[arg-type]
    canvas = empty_latent(parts.model, 16, 16)  # type: ignore[arg-type]
    return sample(model.pool, parts.model, positive, negative, canvas, settings=Sampling(3, 3, 3, "pndm")).samples  # type: ignore[arg-type]


def test_trained_weights_come_back_and_diffusers_reads_them(
    model: Any, trained: Patch, context: TaskContext, tmp_path: Path
) -> None:
    plain = model.checkpoint
    parts = Checkpoint(plain.model.patched(trained), plain.text_encoder, plain.vae)
    folder = saved(model, parts, context, tmp_path / "saved")
    ours = drawn(model, parts)
    assert torch.equal(drawn(model, open_checkpoint(as_file(folder))), ours)
    pipeline = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(
        PROMPT, negative_prompt=NEGATIVE, width=16, height=16, num_inference_steps=3, guidance_scale=3,
        generator=torch.Generator().manual_seed(3), output_type="latent",
    ).images  # fmt: skip
    assert torch.equal(ours, theirs)
    told = json.loads((folder / "recipe.json").read_text())
    assert told["model"]["patches"][0]["notes"] == {"kind": "denoiser", "steps": "7"}


def test_loras_are_worked_in(model: Any, context: TaskContext, tmp_path: Path) -> None:
    pipeline = StableDiffusionPipeline(**model.components(), requires_safety_checker=False)
    patch = Patch("lora", as_file(save_lora(tmp_path / "lora", pipeline)), 0.7)
    plain = model.checkpoint
    parts = Checkpoint(plain.model.patched(patch), plain.text_encoder.patched(patch), plain.vae)
    folder = saved(model, parts, context, tmp_path / "saved")
    ours = drawn(model, parts)
    assert not torch.allclose(ours, drawn(model, plain), atol=1e-3)
    assert torch.allclose(drawn(model, open_checkpoint(as_file(folder))), ours, atol=1e-4)


def test_it_takes_half_the_room_in_half_precision(model: Any, context: TaskContext, tmp_path: Path) -> None:
    whole, half = (
        saved(model, model.checkpoint, context, tmp_path / str(half), half=half) / "unet" for half in (False, True)
    )
    sizes = [sum(path.stat().st_size for path in each.glob("*.safetensors")) for each in (whole, half)]
    assert sizes[1] < 0.6 * sizes[0]


def test_a_learned_word_is_refused(model: Any, context: TaskContext, tmp_path: Path) -> None:
    save_file({"emb_params": torch.randn(1, 32)}, tmp_path / "word.safetensors")
    plain = model.checkpoint
    told = plain.text_encoder.patched(Patch("embedding", as_file(tmp_path / "word.safetensors"), name="word"))
    with pytest.raises(ModelRefused, match="learned word"):
        saved(model, Checkpoint(plain.model, told, plain.vae), context, tmp_path / "saved")
