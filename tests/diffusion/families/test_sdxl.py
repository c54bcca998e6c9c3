"""SDXL and its refiner, bit for bit as the pipelines of diffusers, and what the pipelines do not tell."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import (
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
)
from tiny_families import SIDE, STEPS, Tiny, generators, make_sdxl, picture, planes, square
from tiny_models import NEGATIVE, PROMPT, make_tiny_autoencoder

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.devices import choose_dtype
from graphengine.diffusion.families.sdxl import StableDiffusionXL
from graphengine.diffusion.samplers import SAMPLER_NAMES, SamplerName
from graphengine.diffusion.types.conditioning import MicroConditioning
from graphengine.diffusion.vae import decode, encode, encode_masked
from graphengine.errors import NodeError
from nodes.conditioning.join import zero_out
from nodes.conditioning.micro import size

pytestmark = pytest.mark.torch

PROMPTS = {"prompt": PROMPT, "negative_prompt": NEGATIVE}
COMMON = {"num_inference_steps": STEPS, "guidance_scale": 7.5, "output_type": "latent"}
SIZE = {"width": SIDE, "height": SIDE}


@pytest.fixture(scope="module")
def velocity(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Predicts the velocity; its autoencoder's encoder has no randomness."""
    pipeline = make_sdxl(prediction="v_prediction", zeros=False, vae=make_tiny_autoencoder())
    return make_tiny(pipeline, add_watermarker=False, force_zeros_for_empty_prompt=False)


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_text_to_image(base: Tiny, sampler: SamplerName) -> None:
    theirs = base.pipeline(sampler=sampler)(
        **PROMPTS, **SIZE, **COMMON, generator=generators(3, 2), num_images_per_prompt=2
    ).images
    assert torch.equal(base.sample(base.empty(2), seed=3, sampler=sampler).samples, theirs)
    assert torch.isfinite(theirs).all()


@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "ddim"])
def test_the_velocity(velocity: Tiny, sampler: SamplerName) -> None:
    theirs = velocity.pipeline(sampler=sampler)(**PROMPTS, **SIZE, **COMMON, generator=generators(3)).images
    assert velocity.checkpoint.model is not None
    assert velocity.checkpoint.model.prediction == "v_prediction"
    assert torch.equal(velocity.sample(velocity.empty(), seed=3, sampler=sampler).samples, theirs)


@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m_sde"])
def test_image_to_image(base: Tiny, sampler: SamplerName) -> None:
    assert base.checkpoint.vae is not None
    start = encode(base.pool, base.checkpoint.vae, picture(batch=2))
    theirs = base.pipeline(StableDiffusionXLImg2ImgPipeline, sampler)(
        **PROMPTS, **COMMON, image=start.samples, strength=0.6, generator=generators(5, 2), num_images_per_prompt=2
    ).images
    assert torch.equal(base.sample(start, seed=5, sampler=sampler, denoise=0.6).samples, theirs)


@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("channels", [4, 9])
def test_inpainting(make_tiny: Callable[..., Tiny], channels: int, strength: float) -> None:
    """By any model, and by one that sees what is around the mask."""
    pipeline = make_sdxl(vae=make_tiny_autoencoder(), unet={"in_channels": channels})
    made = make_tiny(pipeline, add_watermarker=False)
    theirs = made.pipeline(StableDiffusionXLInpaintPipeline, "euler")(
        **PROMPTS,
        **SIZE,
        **COMMON,
        image=planes(picture()),
        mask_image=square().values.unsqueeze(1),
        strength=strength,
        generator=generators(4),
    ).images
    assert made.checkpoint.vae is not None
    start = encode_masked(made.pool, made.checkpoint.vae, picture(), square())
    assert torch.equal(made.sample(start, seed=4, denoise=strength).samples, theirs)


def test_pixels_to_pixels(velocity: Tiny) -> None:
    theirs = velocity.pipeline(StableDiffusionXLImg2ImgPipeline, "ddim")(
        **PROMPTS,
        image=planes(picture()),
        strength=0.6,
        num_inference_steps=STEPS,
        guidance_scale=7.5,
        generator=generators(2),
        output_type="pt",
    ).images
    vae = velocity.checkpoint.vae
    assert vae is not None
    latent = velocity.sample(encode(velocity.pool, vae, picture()), seed=2, sampler="ddim", denoise=0.6)
    assert torch.equal(planes(decode(velocity.pool, vae, latent)), theirs)


def test_no_negative_text_is_zeros_where_the_model_was_trained_so(base: Tiny, velocity: Tiny) -> None:
    for made in (base, velocity):
        theirs = made.pipeline()(PROMPT, **SIZE, **COMMON, generator=generators(1)).images
        assert torch.equal(made.sample(made.empty(), seed=1, negative=made.text("")).samples, theirs)
    assert base.text("") == zero_out(base.text("a"))
    assert velocity.text("") != zero_out(velocity.text("a"))


def test_layers_are_skipped_as_the_pipeline_skips_them(base: Tiny) -> None:
    pipeline = base.pipeline()
    assert base.checkpoint.text_encoder is not None
    ref = replace(base.checkpoint.text_encoder, clip_skip=1)
    (ours,) = encode_text(base.pool, ref, PROMPT).entries
    theirs, _, pooled, _ = pipeline.encode_prompt(PROMPT, clip_skip=1, do_classifier_free_guidance=False)
    assert torch.equal(ours.embeddings, theirs)
    assert ours.pooled is not None
    assert torch.equal(ours.pooled, pooled)
    with pytest.raises(NodeError, match="3 layers"):
        encode_text(base.pool, replace(ref, clip_skip=3), PROMPT)


def test_the_sizes_that_a_text_is_told(base: Tiny) -> None:
    positive = size(base.text(PROMPT), 40, 32, 3, 2, 20, 24)
    negative = size(base.text(NEGATIVE), 8, 12, 5, 4, 16, 18)
    theirs = base.pipeline()(
        **PROMPTS,
        **SIZE,
        **COMMON,
        original_size=(32, 40),
        crops_coords_top_left=(2, 3),
        target_size=(24, 20),
        negative_original_size=(12, 8),
        negative_crops_coords_top_left=(4, 5),
        negative_target_size=(18, 16),
        generator=generators(1),
    ).images
    ours = base.sample(base.empty(), seed=1, positive=positive, negative=negative).samples
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, base.sample(base.empty(), seed=1).samples)
    with pytest.raises(ValueError, match="negative"):
        MicroConditioning(left=-1)


@pytest.mark.parametrize("scores", [(0.0, 0.0), (7.0, 1.5)])
def test_the_refiner_is_told_how_much_people_like_a_picture(refiner: Tiny, scores: tuple[float, float]) -> None:
    assert refiner.checkpoint.model is not None
    assert refiner.checkpoint.model.variant == "refiner"
    told = {} if scores == (0, 0) else {"aesthetic_score": scores[0], "negative_aesthetic_score": scores[1]}
    start = encode(refiner.pool, refiner.checkpoint.vae, picture())  # type: ignore[arg-type]
    theirs = refiner.pipeline(sampler="euler")(
        **PROMPTS, **COMMON, **told, image=start.samples, strength=0.6, generator=generators(1)
    ).images
    positive, negative = (
        size(refiner.text(text), aesthetic_score=score) for text, score in zip((PROMPT, NEGATIVE), scores, strict=True)
    )
    assert torch.equal(refiner.sample(start, seed=1, positive=positive, negative=negative, denoise=0.6).samples, theirs)


def test_all_steps_are_what_sampling_makes(base: Tiny) -> None:
    whole = base.sample(base.empty(), seed=1)
    assert torch.equal(base.sample(base.empty(), seed=1, first=0, last=STEPS).samples, whole.samples)


def test_a_text_of_the_base_is_not_for_the_refiner(base: Tiny, refiner: Tiny) -> None:
    with pytest.raises(NodeError, match="56 numbers, the model takes 24") as caught:
        refiner.sample(refiner.empty(), seed=1, positive=base.text(PROMPT))
    assert "same model" in caught.value.hint


def test_a_text_without_a_vector_is_refused(base: Tiny) -> None:
    text = base.text(PROMPT)
    bare = replace(text, entries=(replace(text.entries[0], pooled=None),))
    with pytest.raises(NodeError, match="no vector"):
        base.sample(base.empty(), seed=1, positive=bare)


def test_a_long_text_and_weights(base: Tiny) -> None:
    long = base.text("a " * 100)
    assert long.entries[0].embeddings.shape == (1, 2 * 77, 56)
    assert torch.isfinite(base.sample(base.empty(), seed=1, positive=long, steps=2).samples).all()
    assert base.text("a (red:1.5) circle") != base.text("a red circle")
    assert base.text("a (red:1.0) circle") == base.text("a red circle")


def test_half_precision_is_not_enough_for_the_autoencoder() -> None:
    family, device = StableDiffusionXL(), torch.device("cuda")
    assert choose_dtype("auto", device, family.half("vae")) == torch.float32
    assert choose_dtype("float16", device, family.half("vae")) == torch.float32
    assert choose_dtype("bfloat16", device, family.half("vae")) == torch.bfloat16
    assert choose_dtype("auto", device, family.half("model")) == torch.float16


def test_previews_are_pictures_of_the_latent(base: Tiny) -> None:
    seen: list[Any] = []
    base.sample(base.empty(), seed=1, on_step=lambda _step, _total, look: seen.append(look()))
    assert [image.pixels.shape for image in seen] == [(1, 8, 8, 3)] * STEPS
