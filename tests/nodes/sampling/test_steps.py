"""A part of a schedule: a base model hands over to its refiner."""

from typing import Any

import pytest
import torch
from tiny_families import SIDE, STEPS, Tiny, generators
from tiny_models import NEGATIVE, PROMPT

from graphengine.diffusion.samplers import SamplerName
from graphengine.errors import NodeError
from nodes.sampling.steps import steps

pytestmark = pytest.mark.torch

PROMPTS = {"prompt": PROMPT, "negative_prompt": NEGATIVE}
COMMON = {"num_inference_steps": STEPS, "guidance_scale": 7.5, "output_type": "latent"}
SIZE = {"width": SIDE, "height": SIDE}


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp_2m", "euler"])
def test_the_base_hands_over_to_the_refiner(base: Tiny, refiner: Tiny, sampler: SamplerName, notes: Any) -> None:
    half_done = base.pipeline(sampler=sampler)(
        **PROMPTS, **SIZE, **COMMON, denoising_end=0.6, generator=generators(3)
    ).images
    theirs = refiner.pipeline(sampler=sampler)(
        **PROMPTS, **COMMON, image=half_done, denoising_start=0.6, generator=generators(3)
    ).images

    def ours(model: Tiny, latent: Any, start: int, end: int, *, add_noise: bool) -> Any:
        text = (model.text(PROMPT), model.text(NEGATIVE))
        rest = {"sampler": sampler, "pool": model.pool, "context": notes}
        return steps(model.checkpoint.model, *text, latent, 3, STEPS, start, end, add_noise, **rest)  # type: ignore[arg-type]

    noisy = ours(base, base.empty(), 0, 3, add_noise=True)
    done = ours(refiner, noisy, 3, 1000, add_noise=False)
    if sampler != "euler":  # whose state is scaled on the link, and back
        assert torch.equal(noisy.samples, half_done)
        assert torch.equal(done.samples, theirs)
    assert torch.allclose(done.samples, theirs, rtol=1e-4, atol=1e-4)
    assert notes.steps[-1][0] == notes.steps[-1][1]


def test_steps_that_are_none(base: Tiny, notes: Any) -> None:
    text = (base.text(PROMPT), base.text(NEGATIVE))
    with pytest.raises(NodeError, match="from step 3 to step 2 of 5"):
        steps(base.checkpoint.model, *text, base.empty(), 3, STEPS, 3, 2, pool=base.pool, context=notes)  # type: ignore[arg-type]


@pytest.mark.parametrize("sampler", ["ddim", "euler", "heun"])
def test_two_stages_of_one_model_are_the_whole(base: Tiny, sampler: SamplerName) -> None:
    whole = base.sample(base.empty(), seed=1, sampler=sampler).samples
    half = base.sample(base.empty(), seed=1, sampler=sampler, first=0, last=2)
    rest = base.sample(half, seed=1, sampler=sampler, first=2, adds_noise=False).samples
    assert torch.allclose(rest, whole, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(half.samples, whole, rtol=1e-3, atol=1e-3)
