"""Guidance away from a weakened model: as the pipelines of diffusers have it, and what holds for all models."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionPAGPipeline, StableDiffusionXLPAGPipeline
from tiny_families import Tiny, base, generators
from tiny_models import NEGATIVE, PROMPT, as_file

from graphengine.diffusion.control.loading import open_control
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.samplers import SAMPLERS
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.custom import Guider, Weakening
from graphengine.diffusion.types.custom_codecs import GuiderCodec
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import Control, ModelRef
from graphengine.errors import NodeError
from nodes.sampling.weakening import perturbed_attention, skip_layers

__all__ = ["base"]

pytestmark = pytest.mark.torch

STEPS = 5


def ours(model: Any, *weakenings: Weakening, ref: ModelRef | None = None, **settings: Any) -> torch.Tensor:
    latent = empty_latent(model.checkpoint.model, 16, 16, 2)
    chosen = Sampling(3, STEPS, **{"sampler": "euler", "weakenings": weakenings, **settings})
    found = ref or model.checkpoint.model
    return sample(model.pool, found, model.positive, model.negative, latent, settings=chosen).samples


def test_perturbed_attention_is_that_of_the_pipeline(model: Any) -> None:
    chosen = SAMPLERS["euler"]
    pipeline = StableDiffusionPAGPipeline(**model.components(), requires_safety_checker=False, pag_applied_layers="mid")
    pipeline.scheduler = chosen.scheduler.from_config(pipeline.scheduler.config, **chosen.options)
    pipeline.set_progress_bar_config(disable=True)
    for guidance in (7.5, 1.0):
        theirs = pipeline(
            **model.prompts, width=16, height=16, num_inference_steps=STEPS, num_images_per_prompt=2, pag_scale=3.0,
            guidance_scale=guidance, generator=generators(3, 2), output_type="latent",
        ).images  # fmt: skip
        found = ours(model, Weakening("attention", 3.0), guidance=guidance)
        assert torch.allclose(found, theirs, atol=2e-4, rtol=1e-4), (found - theirs).abs().max()
        assert (found - ours(model, guidance=guidance)).abs().max() > 0.01


def test_perturbed_attention_of_sdxl(base: Tiny) -> None:
    pipeline = base.pipeline(StableDiffusionXLPAGPipeline, "euler", pag_applied_layers="mid")
    theirs = pipeline(
        PROMPT, negative_prompt=NEGATIVE, width=16, height=16, num_inference_steps=STEPS, pag_scale=2.0,
        guidance_scale=5.0, generator=generators(3), output_type="latent",
    ).images  # fmt: skip
    settings = {"guidance": 5.0, "seed": 3, "sampler": "euler"}
    found = base.sample(base.empty(), weakenings=(Weakening("attention", 2.0),), **settings)
    assert torch.allclose(found.samples, theirs, atol=2e-4, rtol=1e-4), (found.samples - theirs).abs().max()


def test_skipped_layers_are_those_of_the_pipeline(third: Tiny) -> None:
    theirs = third.pipeline(sampler="euler")(
        PROMPT, negative_prompt=NEGATIVE, width=16, height=16, num_inference_steps=STEPS, guidance_scale=5.0,
        generator=generators(3), output_type="latent", skip_guidance_layers=[0], skip_layer_guidance_scale=2.8,
        skip_layer_guidance_start=0.01, skip_layer_guidance_stop=0.7,
    ).images  # fmt: skip
    settings = {"guidance": 5.0, "seed": 3, "sampler": "euler"}
    weakening = Weakening("layers", 2.8, "0", 0.01, 0.7)
    found = third.sample(third.empty(width=16, height=16), weakenings=(weakening,), **settings)
    assert torch.equal(found.samples, theirs)


@pytest.mark.parametrize("kind", ["attention", "layers"])
def test_every_kind_of_model_can_be_weakened(model: Any, dev: Tiny, third: Tiny, kind: Any) -> None:
    assert not torch.equal(ours(model, Weakening(kind, 2.0)), ours(model))
    for tiny in (dev, third):
        settings = {"guidance": 3.5, "seed": 3, "sampler": "euler", "steps": 2}
        found = tiny.sample(tiny.empty(width=16, height=16), weakenings=(Weakening(kind, 2.0, "1"),), **settings)
        plain = tiny.sample(tiny.empty(width=16, height=16), **settings)
        assert torch.isfinite(found.samples).all()
        assert not torch.equal(found.samples, plain.samples)


def test_it_counts_in_its_part_of_the_steps_and_several_add_up(model: Any) -> None:
    one, other = Weakening("attention", 2.0), Weakening("layers", 1.5)
    never = replace(one, start=0.99)
    assert torch.equal(ours(model, never), ours(model))
    halves = (replace(one, end=0.5), replace(one, start=0.5))
    assert torch.equal(ours(model, *halves), ours(model, one))
    made = [ours(model, *each) for each in ((), (one,), (other,), (one, other))]
    assert all(not torch.equal(a, b) for index, a in enumerate(made) for b in made[:index])


def test_the_weakened_model_follows_the_same_pictures(model: Any, tmp_path: Path) -> None:
    with model.pool.use(model.checkpoint.model) as denoiser:
        network = ControlNetModel.from_unet(denoiser.module, conditioning_embedding_out_channels=(8, 16))
    for weight in network.parameters():
        if not weight.any():
            torch.nn.init.normal_(weight, std=0.2)
    network.save_pretrained(tmp_path / "control")
    control = Control(open_control(as_file(tmp_path / "control")), Image(torch.rand(1, 16, 16, 3)))
    ref = replace(model.checkpoint.model, controls=(control,))
    followed = ours(model, Weakening("attention", 2.0), ref=ref)
    assert not torch.equal(followed, ours(model, Weakening("attention", 2.0)))
    assert not torch.equal(followed, ours(model, ref=ref))


def test_the_model_is_not_changed(model: Any) -> None:
    before = ours(model)
    ours(model, Weakening("layers", 2.0), Weakening("attention", 1.0))
    assert torch.equal(ours(model), before)


def test_blocks_that_are_not_there_are_named(model: Any) -> None:
    for layers in ("77", "nowhere"):
        with pytest.raises(NodeError, match=f"no block '{layers}'"):
            ours(model, Weakening("attention", 2.0, layers))


def test_the_nodes_add_to_a_guider(model: Any) -> None:
    plain = Guider(model.positive, model.negative, 3.0, "apg", 0.5)
    both = skip_layers(perturbed_attention(plain, 2.0, "mid"), 1.0, "0, 1")
    assert both.weakenings == (Weakening("attention", 2.0, "mid"), Weakening("layers", 1.0, "0, 1", 0.01, 0.2))
    assert (both.kind, both.amount) == ("apg", 0.5)
    assert perturbed_attention(plain, 0.0) is plain
    decoded = GuiderCodec().decode(GuiderCodec().encode(both))
    assert decoded.weakenings == both.weakenings
    with pytest.raises(NodeError, match=r"from 0\.5 to 0\.2"):
        skip_layers(plain, 1.0, "", 0.5, 0.2)
