"""LoRAs as nodes: what they change, and what they leave."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lora_files import save_lora
from tiny_models import as_file, make_pipeline

from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.types.builtin import Seed
from nodes.adapter.lora import lora, lora_model
from nodes.sampling.sample import sample
from nodes.text.encode import encode

pytestmark = pytest.mark.torch


@pytest.fixture
def file(tmp_path: Path) -> File:
    return as_file(save_lora(tmp_path, make_pipeline(), rank=4, alpha=32))


def draw(notes: Any, model: Any, denoiser: ModelRef, encoder: TextEncoderRef) -> torch.Tensor:
    positive, negative = (encode(encoder, text, pool=model.pool) for text in ("a red circle", ""))
    latent = empty_latent(denoiser, 16, 16)
    return sample(denoiser, positive, negative, latent, Seed(1), steps=2, pool=model.pool, context=notes).samples


def test_each_strength_is_for_its_part(notes: Any, model: Any, file: File) -> None:
    parts = model.checkpoint
    both = lora(parts.model, parts.text_encoder, file, 1.0, 0.5, pool=model.pool)
    assert [patch.strength for patch in (*both.model.patches, *both.text_encoder.patches)] == [1.0, 0.5]
    one = lora(parts.model, parts.text_encoder, file, 1.0, 0.0, pool=model.pool)
    other = lora(parts.model, parts.text_encoder, file, 0.0, 0.5, pool=model.pool)
    assert (one.text_encoder, other.model) == (parts.text_encoder, parts.model)
    assert one.model == lora_model(parts.model, file, pool=model.pool) == both.model
    pictures = [draw(notes, model, *each) for each in (both, one, other, (parts.model, parts.text_encoder))]
    assert all(not torch.equal(a, b) for i, a in enumerate(pictures) for b in pictures[:i])


def test_strength_zero_gives_the_model(model: Any, file: File) -> None:
    parts = model.checkpoint
    assert lora(parts.model, parts.text_encoder, file, 0.0, 0.0, pool=model.pool) == (parts.model, parts.text_encoder)
    assert lora_model(parts.model, file, 0.0, pool=model.pool) == parts.model


def test_two_in_a_row_are_a_stack(notes: Any, model: Any, file: File) -> None:
    parts = model.checkpoint
    once = lora(parts.model, parts.text_encoder, file, 0.5, 0.5, pool=model.pool)
    twice = lora(once.model, once.text_encoder, file, 0.5, 0.5, pool=model.pool)
    assert [len(ref.patches) for ref in twice] == [2, 2]
    whole = lora(parts.model, parts.text_encoder, file, 1.0, 1.0, pool=model.pool)
    assert torch.allclose(draw(notes, model, *twice), draw(notes, model, *whole), atol=1e-4)


def test_what_does_not_fit_is_told_by_the_node_itself(model: Any) -> None:
    parts = model.checkpoint
    with pytest.raises(ModelRefused, match="no place"):
        lora_model(
            parts.model,
            as_file(parts.model.source.path / "vae" / "diffusion_pytorch_model.safetensors"),
            pool=model.pool,
        )
