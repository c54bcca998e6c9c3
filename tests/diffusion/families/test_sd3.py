"""SD 3, bit for bit as the pipelines of diffusers, with T5 and without."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import StableDiffusion3Img2ImgPipeline, StableDiffusion3InpaintPipeline
from tiny_families import STEPS, Tiny, generators, make_sd3, picture, planes, square
from tiny_models import NEGATIVE, PROMPT

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.vae import decode, encode, encode_masked
from graphengine.errors import NodeError

pytestmark = pytest.mark.torch

PROMPTS = {"prompt": PROMPT, "negative_prompt": NEGATIVE}
SIZE = {"width": 24, "height": 16}
ABSENT = {"text_encoder_3": None, "tokenizer_3": None}
"""What diffusers must be told."""

COMMON = {"num_inference_steps": STEPS, "guidance_scale": 7.5, "output_type": "latent"}


@pytest.fixture(scope="module")
def without(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A model without T5."""
    return make_tiny(make_sd3(t5=False), **ABSENT)


@pytest.mark.parametrize("sampler", ["euler", "heun"])
@pytest.mark.parametrize("name", ["third", "without"])
def test_text_to_image(request: pytest.FixtureRequest, name: str, sampler: SamplerName) -> None:
    model: Tiny = request.getfixturevalue(name)
    theirs = model.pipeline(sampler=sampler)(
        **PROMPTS, **SIZE, **COMMON, generator=generators(3, 2), num_images_per_prompt=2
    ).images
    ours = model.sample(model.empty(2, **SIZE), seed=3, sampler=sampler).samples
    assert torch.equal(ours, theirs)
    assert torch.isfinite(theirs).all()


@pytest.mark.parametrize("sampler", ["euler", "heun"])
@pytest.mark.parametrize("strength", [0.6, 0.8])
def test_image_to_image(third: Tiny, strength: float, sampler: SamplerName) -> None:
    assert third.checkpoint.vae is not None
    start = encode(third.pool, third.checkpoint.vae, picture(batch=2))
    theirs = third.pipeline(StableDiffusion3Img2ImgPipeline, sampler)(
        **PROMPTS,
        **COMMON,
        image=start.samples,
        width=16,
        height=16,
        strength=strength,
        generator=generators(5, 2),
        num_images_per_prompt=2,
    ).images
    assert torch.equal(third.sample(start, seed=5, denoise=strength, sampler=sampler).samples, theirs)


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_inpainting(third: Tiny, strength: float) -> None:
    assert third.checkpoint.vae is not None
    start = encode_masked(third.pool, third.checkpoint.vae, picture(), square())
    theirs = third.pipeline(StableDiffusion3InpaintPipeline)(
        **PROMPTS,
        **COMMON,
        image=start.samples,
        mask_image=square().values.unsqueeze(1),
        masked_image_latents=start.samples,
        width=16,
        height=16,
        strength=strength,
        generator=generators(4),
    ).images
    assert torch.equal(third.sample(start, seed=4, denoise=strength).samples, theirs)


def test_text_to_pixels(third: Tiny) -> None:
    theirs = third.pipeline()(**PROMPTS, **SIZE, **{**COMMON, "output_type": "pt"}, generator=generators(8)).images
    assert third.checkpoint.vae is not None
    latent = third.sample(third.empty(**SIZE), seed=8)
    assert torch.equal(planes(decode(third.pool, third.checkpoint.vae, latent)), theirs)


def test_a_shift_that_depends_on_the_size(make_tiny: Callable[..., Tiny]) -> None:
    pipeline = make_sd3(t5=False)
    pipeline.scheduler = type(pipeline.scheduler)(use_dynamic_shifting=True)
    made = make_tiny(pipeline, **ABSENT)
    theirs = made.pipeline()(**PROMPTS, **SIZE, **COMMON, generator=generators(3)).images
    assert torch.equal(made.sample(made.empty(**SIZE), seed=3).samples, theirs)


def test_layers_are_skipped_as_the_pipeline_skips_them(third: Tiny) -> None:
    assert third.checkpoint.text_encoder is not None
    ref = replace(third.checkpoint.text_encoder, clip_skip=1)
    (ours,) = encode_text(third.pool, ref, PROMPT).entries
    with torch.no_grad():
        theirs, _, pooled, _ = third.pipeline().encode_prompt(
            PROMPT, None, None, clip_skip=1, do_classifier_free_guidance=False
        )
    assert torch.allclose(ours.embeddings, theirs, atol=1e-5)
    assert ours.pooled is not None
    assert torch.allclose(ours.pooled, pooled, atol=1e-5)


def test_without_t5_its_tokens_are_zeros(third: Tiny, without: Tiny) -> None:
    (with_t5,), (bare,) = third.text(PROMPT).entries, without.text(PROMPT).entries
    assert with_t5.embeddings.shape == bare.embeddings.shape == (1, 77 + 256, 40)
    assert not bare.embeddings[:, 77:].any()
    assert with_t5.embeddings[:, 77:].any()


def test_samplers_that_are_not_for_flows(third: Tiny) -> None:
    with pytest.raises(NodeError, match="predict a flow"):
        third.sample(third.empty(), seed=1, sampler="ddim")


def test_a_text_of_another_family(third: Tiny, dev: Tiny) -> None:
    with pytest.raises(NodeError, match="'flux'"):
        third.sample(third.empty(), seed=1, positive=dev.text(PROMPT))


def test_the_latent_of_another_family(third: Tiny, dev: Tiny) -> None:
    with pytest.raises(NodeError, match="not of the model's kind"):
        third.sample(dev.empty(), seed=1)


def test_a_part_that_is_missing(make_tiny: Callable[..., Tiny], tmp_path: Any) -> None:
    made = make_tiny(make_sd3(t5=False))
    weights = made.path / "text_encoder_2" / "model.safetensors"
    weights.unlink()
    with pytest.raises(NodeError, match="text_encoder") as caught:
        made.text(PROMPT)
    assert "cannot be loaded" in str(caught.value)
