"""Texts become the embeddings that the pipeline computes, and more where it has nothing to say."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.errors import NodeError

pytestmark = pytest.mark.torch


def embed(model: Any, text: str, clip_skip: int = 0) -> torch.Tensor:
    ref = replace(model.checkpoint.text_encoder, clip_skip=clip_skip)
    return encode_text(model.pool, ref, text).entries[0].embeddings


def theirs(model: Any, text: str, length: int = 77) -> Any:
    parts = model.components()
    ids = parts["tokenizer"](
        text, padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    ).input_ids
    with torch.no_grad():
        return parts["text_encoder"](ids, output_hidden_states=True), parts["text_encoder"]


@pytest.mark.parametrize("text", ["", "a red circle", "Re-d, RED red!", "x" * 75, r"a \(red\) one"])
def test_a_plain_prompt_is_the_pipeline_s(model: Any, text: str) -> None:
    assert torch.equal(embed(model, text), theirs(model, text.replace("\\", ""))[0].last_hidden_state)


def test_layers_are_skipped_as_the_pipeline_skips_them(model: Any) -> None:
    output, encoder = theirs(model, "a red circle")
    with torch.no_grad():
        assert torch.equal(embed(model, "a red circle", 1), encoder.final_layer_norm(output.hidden_states[-2]))
        assert torch.equal(encoder.final_layer_norm(output.hidden_states[-1]), output.last_hidden_state)


def test_no_more_layers_than_there_are(model: Any) -> None:
    with pytest.raises(NodeError, match="3 layers"):
        embed(model, "a", 3)


def test_a_long_prompt_is_windows_side_by_side(model: Any) -> None:
    long = embed(model, "a " * 100)
    assert long.shape == (1, 2 * 77, 32)
    assert torch.allclose(long[:, :77], embed(model, "a " * 75), atol=1e-6)


def test_weights_lie_on_the_line_from_the_empty_prompt(model: Any) -> None:
    plain, empty = embed(model, "a red circle"), embed(model, "")
    tokens = slice(2, 3)  # begin, "a", then "red"
    heavy = embed(model, "a (red:1.5) circle")
    assert torch.allclose(heavy[:, tokens], empty[:, tokens] + 1.5 * (plain - empty)[:, tokens], atol=1e-6)
    unchanged = torch.ones(77, dtype=torch.bool)
    unchanged[tokens] = False
    assert torch.equal(heavy[:, unchanged], plain[:, unchanged])
    assert torch.allclose(embed(model, "(a red circle:0)")[:, 1:9], empty[:, 1:9], atol=1e-6)
    assert torch.equal(embed(model, "a (red:1) circle"), plain)


def test_prompts_of_different_lengths_sample_together(model: Any) -> None:
    """A prompt that says the same twice, in two windows, guides exactly as much as in one."""
    once = encode_text(model.pool, model.checkpoint.text_encoder, "a " * 75)
    twice = encode_text(model.pool, model.checkpoint.text_encoder, "a " * 150)
    latent = empty_latent(model.checkpoint.model, 16, 16)
    settings = Sampling(seed=1, steps=2)
    results = [
        sample(model.pool, model.checkpoint.model, text, model.negative, latent, settings=settings).samples
        for text in (once, twice)
    ]
    assert torch.allclose(results[0], results[1], rtol=1e-3, atol=1e-3)


def test_several_entries_are_averaged_by_strength(model: Any) -> None:
    (one,), (other,) = model.positive.entries, model.negative.entries
    latent = empty_latent(model.checkpoint.model, 16, 16)

    def run(*entries: Any) -> torch.Tensor:
        text = Conditioning("sd", entries)
        settings = Sampling(seed=1, steps=1, guidance=1.0, sampler="ddim")
        return sample(model.pool, model.checkpoint.model, text, text, latent, settings=settings).samples

    expected = (3 * run(one) + run(other)) / 4  # one step of DDIM is linear in the prediction
    assert torch.allclose(run(replace(one, strength=3.0), other), expected, rtol=1e-4, atol=1e-4)


def test_a_text_for_another_family_is_refused(model: Any) -> None:
    other = replace(model.positive, family="other")
    latent = empty_latent(model.checkpoint.model, 16, 16)
    with pytest.raises(NodeError, match="'other'"):
        sample(model.pool, model.checkpoint.model, other, model.negative, latent, settings=Sampling(seed=1))
