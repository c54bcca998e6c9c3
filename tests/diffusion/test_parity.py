"""Bit for bit what the pipelines of diffusers compute, by our own loop."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, StableDiffusionPipeline
from tiny_models import make_tiny_autoencoder

from graphengine.diffusion.images import from_pil
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.samplers import SAMPLER_NAMES, SAMPLERS, SamplerName
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.vae import decode, encode, encode_masked

pytestmark = pytest.mark.torch

SIDE = 16
STEPS = 5


def generators(seed: int, count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + index) for index in range(count)]


def their_pipeline(model: Any, sampler: SamplerName, kind: Any = StableDiffusionPipeline, **options: Any) -> Any:
    chosen = SAMPLERS[sampler]
    pipeline = kind(**model.components(), requires_safety_checker=False)
    pipeline.scheduler = chosen.scheduler.from_config(pipeline.scheduler.config, **chosen.options, **options)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def run_ours(model: Any, latent: Latent, **settings: Any) -> Latent:
    assert model.checkpoint.model is not None
    return sample(
        model.pool,
        model.checkpoint.model,
        model.positive,
        model.negative,
        latent,
        settings=Sampling(**{"steps": STEPS, **settings}),
    )


def picture(seed: int = 1, batch: int = 1) -> Image:
    return Image(torch.rand((batch, SIDE, SIDE, 3), generator=torch.Generator().manual_seed(seed)))


@pytest.fixture(params=["model", "velocity_model"])
def any_model(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_text_to_image(any_model: Any, sampler: SamplerName) -> None:
    pipeline = their_pipeline(any_model, sampler)
    theirs = pipeline(
        **any_model.prompts,
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        generator=generators(3, 2),
        num_images_per_prompt=2,
        output_type="latent",
    ).images
    ours = run_ours(any_model, empty_latent(any_model.checkpoint.model, SIDE, SIDE, 2), seed=3, sampler=sampler)
    assert torch.equal(ours.samples, theirs)
    assert torch.isfinite(theirs).all()


@pytest.mark.parametrize("strength", [0.45, 0.8])
@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_image_to_image(any_model: Any, sampler: SamplerName, strength: float) -> None:
    pipeline = their_pipeline(any_model, sampler, StableDiffusionImg2ImgPipeline)
    start = encode(any_model.pool, any_model.checkpoint.vae, picture(batch=2))
    theirs = pipeline(
        **any_model.prompts,
        image=start.samples,
        strength=strength,
        num_inference_steps=STEPS,
        num_images_per_prompt=2,
        generator=generators(11, 2),
        output_type="latent",
    ).images
    ours = run_ours(any_model, start, seed=11, sampler=sampler, denoise=strength)
    assert torch.equal(ours.samples, theirs)


SCHEDULES: dict[ScheduleName, dict[str, Any]] = {
    "karras": {"use_karras_sigmas": True},
    "exponential": {"use_exponential_sigmas": True},
    "beta": {"use_beta_sigmas": True},
    "sgm_uniform": {"timestep_spacing": "trailing"},
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m", "dpmpp_2m_sde", "uni_pc", "deis"])
def test_schedules(model: Any, sampler: SamplerName, schedule: ScheduleName) -> None:
    pipeline = their_pipeline(model, sampler, **SCHEDULES[schedule])
    theirs = pipeline(
        **model.prompts,
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        generator=generators(5, 1),
        output_type="latent",
    ).images
    latent = empty_latent(model.checkpoint.model, SIDE, SIDE)
    ours = run_ours(model, latent, seed=5, sampler=sampler, schedule=schedule)
    assert torch.equal(ours.samples, theirs)


def test_pictures_from_start_to_end(any_model: Any) -> None:
    """Text to pixels, and pixels to pixels where the encoder has no randomness of its own."""
    pipeline = their_pipeline(any_model, "ddim")
    theirs = pipeline(
        **any_model.prompts,
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        generator=generators(8, 1),
        output_type="pt",
    ).images
    latent = empty_latent(any_model.checkpoint.model, SIDE, SIDE)
    ours = decode(any_model.pool, any_model.checkpoint.vae, run_ours(any_model, latent, seed=8, sampler="ddim"))
    assert torch.equal(ours.pixels.permute(0, 3, 1, 2), theirs)


def test_image_to_image_from_pixels(velocity_model: Any) -> None:
    pipeline = their_pipeline(velocity_model, "dpmpp_2m", StableDiffusionImg2ImgPipeline)
    theirs = pipeline(
        **velocity_model.prompts,
        image=picture().pixels.permute(0, 3, 1, 2).contiguous(),
        strength=0.6,
        num_inference_steps=STEPS,
        generator=generators(2, 1),
        output_type="pt",
    ).images
    start = encode(velocity_model.pool, velocity_model.checkpoint.vae, picture())
    latent = run_ours(velocity_model, start, seed=2, sampler="dpmpp_2m", denoise=0.6)
    ours = decode(velocity_model.pool, velocity_model.checkpoint.vae, latent)
    assert torch.equal(ours.pixels.permute(0, 3, 1, 2), theirs)


@pytest.mark.parametrize("strength", [0.6, 1.0])
@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "heun", "ddim", "dpmpp_2m"])
def test_inpainting(velocity_model: Any, sampler: SamplerName, strength: float) -> None:
    pipeline = their_pipeline(velocity_model, sampler, StableDiffusionInpaintPipeline)
    mask = torch.zeros(1, SIDE, SIDE)
    mask[:, 4:12, 2:9] = 1
    theirs = pipeline(
        **velocity_model.prompts,
        image=picture().pixels.permute(0, 3, 1, 2).contiguous(),
        mask_image=mask.unsqueeze(1),
        width=SIDE,
        height=SIDE,
        strength=strength,
        num_inference_steps=STEPS,
        generator=generators(4, 1),
        output_type="latent",
    ).images
    start = encode_masked(velocity_model.pool, velocity_model.checkpoint.vae, picture(), Mask(mask))
    ours = run_ours(velocity_model, start, seed=4, sampler=sampler, denoise=strength)
    assert torch.equal(ours.samples, theirs)
    kept = torch.nn.functional.interpolate(mask.unsqueeze(1), size=ours.samples.shape[-2:]) == 0
    assert torch.equal(ours.samples[kept.expand_as(ours.samples)], start.samples[kept.expand_as(ours.samples)])


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_inpainting_by_a_model_trained_for_it(make_model: Callable[..., Any], strength: float) -> None:
    made = make_model(in_channels=9, vae=make_tiny_autoencoder())
    pipeline = their_pipeline(made, "euler", StableDiffusionInpaintPipeline)
    mask = torch.zeros(1, SIDE, SIDE)
    mask[:, 4:12, 2:9] = 1
    theirs = pipeline(
        **made.prompts,
        image=picture().pixels.permute(0, 3, 1, 2).contiguous(),
        mask_image=mask.unsqueeze(1),
        width=SIDE,
        height=SIDE,
        strength=strength,
        num_inference_steps=STEPS,
        generator=generators(4, 1),
        output_type="latent",
    ).images
    start = encode_masked(made.pool, made.checkpoint.vae, picture(), Mask(mask))
    ours = run_ours(made, start, seed=4, denoise=strength)
    assert torch.equal(ours.samples, theirs)


def test_without_guidance_the_negative_prompt_is_not_computed(model: Any) -> None:
    pipeline = their_pipeline(model, "euler")
    theirs = pipeline(
        prompt=model.prompts["prompt"],
        width=SIDE,
        height=SIDE,
        num_inference_steps=STEPS,
        guidance_scale=1.0,
        generator=generators(6, 1),
        output_type="latent",
    ).images
    latent = empty_latent(model.checkpoint.model, SIDE, SIDE)
    assert torch.equal(run_ours(model, latent, seed=6, guidance=1.0).samples, theirs)


def test_a_model_that_takes_the_guidance_scale(make_model: Callable[..., Any]) -> None:
    distilled = make_model(time_cond_proj_dim=16)
    pipeline = their_pipeline(distilled, "lcm")
    theirs = pipeline(
        prompt=distilled.prompts["prompt"],
        width=SIDE,
        height=SIDE,
        num_inference_steps=4,
        guidance_scale=4.0,
        generator=generators(6, 1),
        output_type="latent",
    ).images
    latent = empty_latent(distilled.checkpoint.model, SIDE, SIDE)
    ours = run_ours(distilled, latent, seed=6, guidance=4.0, steps=4, sampler="lcm")
    assert torch.equal(ours.samples, theirs)


def test_pixels_of_pil(model: Any) -> None:
    processor = their_pipeline(model, "euler").image_processor
    pil = processor.numpy_to_pil(picture().pixels.numpy())
    assert torch.equal(from_pil(pil).pixels.permute(0, 3, 1, 2) * 2 - 1, processor.preprocess(pil))
