"""Wan's text to video, bit for bit as the pipelines of diffusers."""

from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanPipeline, WanVideoToVideoPipeline
from tiny_families import STEPS, Tiny, generators
from tiny_models import NEGATIVE, PROMPT

from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.vae import decode, encode

pytestmark = pytest.mark.torch

SIZE = {"width": 32, "height": 16}
FRAMES = 9
COMMON = {"num_inference_steps": STEPS, "output_type": "latent", **SIZE}


def pipeline(wan: Tiny, sampler: SamplerName, kind: Any = WanPipeline) -> Any:
    """What diffusers makes of the folder, with a solver as people choose it there."""
    made = wan.pipeline(kind)
    if sampler == "euler":
        made.scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    else:
        assert type(made.scheduler) is UniPCMultistepScheduler
    return made


@pytest.mark.parametrize("sampler", ["euler", "uni_pc"])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_text_to_video(wan: Tiny, sampler: SamplerName, guidance: float) -> None:
    theirs = pipeline(wan, sampler)(
        PROMPT,
        NEGATIVE,
        num_frames=FRAMES,
        guidance_scale=guidance,
        num_videos_per_prompt=2,
        generator=generators(3, 2),
        **COMMON,
    ).frames
    start = wan.empty(2, **SIZE, frames=FRAMES)
    ours = wan.sample(start, seed=3, guidance=guidance, sampler=sampler).samples
    assert torch.equal(ours, theirs)
    assert torch.isfinite(ours).all()


def test_text_to_pixels(wan: Tiny) -> None:
    theirs = pipeline(wan, "uni_pc")(
        PROMPT,
        NEGATIVE,
        num_frames=FRAMES,
        guidance_scale=5.0,
        generator=generators(3),
        **{**COMMON, "output_type": "pt"},
    ).frames
    assert wan.checkpoint.vae is not None
    latent = wan.sample(wan.empty(**SIZE, frames=FRAMES), seed=3, guidance=5.0, sampler="uni_pc")
    ours = decode(wan.pool, wan.checkpoint.vae, latent).pixels
    assert torch.equal(ours.permute(0, 3, 1, 2), theirs[0])


@pytest.mark.parametrize("sampler", ["euler", "uni_pc"])
@pytest.mark.parametrize("strength", [0.4, 0.8])
def test_video_to_video(wan: Tiny, sampler: SamplerName, strength: float) -> None:
    frames = Image(torch.rand(FRAMES, 16, 32, 3, generator=torch.Generator().manual_seed(1)))
    theirs = pipeline(wan, sampler, WanVideoToVideoPipeline)(
        video=list(frames.pixels.permute(0, 3, 1, 2)),
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        strength=strength,
        guidance_scale=5.0,
        generator=generators(5),
        **COMMON,
    ).frames
    assert wan.checkpoint.vae is not None
    start = encode(wan.pool, wan.checkpoint.vae, frames)
    ours = wan.sample(start, seed=5, guidance=5.0, sampler=sampler, denoise=strength).samples
    assert torch.equal(ours, theirs)
