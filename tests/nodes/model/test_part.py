"""Parts of a model that lie in files of their own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from ldm_layout import write
from released_layout import flux_names
from tiny_families import Tiny
from tiny_models import PROMPT, as_file

from graphengine.errors import NodeError
from nodes.latent.empty import empty
from nodes.model.load import load
from nodes.model.part import load_denoiser, load_text_encoder, load_vae
from nodes.sampling.sample import sample
from nodes.text.encode import encode
from nodes.vae.decode import decode

pytestmark = pytest.mark.torch


def test_the_parts_of_a_folder_are_those_of_the_whole(dev: Tiny) -> None:
    whole = load(as_file(dev.path))
    assert load_denoiser(as_file(dev.path)) == whole.model
    assert load_text_encoder(as_file(dev.path)) == whole.text_encoder
    assert load_vae(as_file(dev.path), "float32").dtype == "float32"


def test_a_file_with_a_denoiser_alone(dev: Tiny, tmp_path: Path) -> None:
    path = tmp_path / "flux.safetensors"
    write(path, flux_names(dev.pipeline().transformer))
    ref = load_denoiser(as_file(path))
    assert (ref.family, ref.variant, ref.latent.channels) == ("flux", "dev", 16)
    for other in (load_text_encoder, load_vae, load):
        with pytest.raises(NodeError, match="holds no") as caught:
            other(as_file(path))
        assert caught.value.hint


def test_parts_of_their_own_make_a_picture(dev: Tiny, notes: Any) -> None:
    source = as_file(dev.path)
    model, texts, vae = load_denoiser(source), load_text_encoder(source), load_vae(source)
    text = encode(texts, PROMPT, pool=dev.pool)
    latent = sample(model, text, text, empty(model, 16, 16), steps=2, cfg=3.5, pool=dev.pool, context=notes)
    pixels = decode(vae, latent, pool=dev.pool).pixels
    assert pixels.shape == (1, 16, 16, 3)
    assert torch.isfinite(pixels).all()
    assert len(notes.previews) == 2
