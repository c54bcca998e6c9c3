"""Flux.1, bit for bit as the pipelines of diffusers, and what it does not take."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers import FluxImg2ImgPipeline, FluxInpaintPipeline, FluxPipeline
from tiny_families import STEPS, Tiny, generators, make_flux, picture, planes, square
from tiny_models import NEGATIVE, PROMPT, as_file

from graphengine.diffusion.devices import choose_dtype
from graphengine.diffusion.families.flux import Flux
from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.samplers import FLOW, SAMPLER_NAMES
from graphengine.diffusion.schedules import ScheduleName
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.vae import decode, encode, encode_masked
from graphengine.errors import ModelRefused, NodeError
from nodes.conditioning.guidance import guidance as guidance_node
from nodes.sampling.sigmas import karras_sigmas, sigmas

pytestmark = pytest.mark.torch

SIZE = {"width": 24, "height": 16}
COMMON = {"num_inference_steps": STEPS, "output_type": "latent"}
LONGEST = {"dev": 512, "schnell": 256}


def packed(latent: torch.Tensor) -> torch.Tensor:
    """The form in which the pipeline gives latents."""
    batch, channels, height, width = latent.shape
    return FluxPipeline._pack_latents(latent, batch, channels, height, width)


@pytest.fixture(params=["dev", "schnell"])
def flux(request: pytest.FixtureRequest) -> Tiny:
    found: Tiny = request.getfixturevalue(request.param)
    return found


def variant(flux: Tiny) -> str:
    assert flux.checkpoint.model is not None
    return flux.checkpoint.model.variant


def options(flux: Tiny) -> dict[str, Any]:
    """How the pipeline is called so that it does what we do with a guidance of 3.5, or of 1 where none is taken."""
    return {"guidance_scale": 3.5, "max_sequence_length": LONGEST[variant(flux)], **COMMON}


def guidance(flux: Tiny) -> float:
    return 3.5 if variant(flux) == "dev" else 1.0


def test_text_to_image(flux: Tiny) -> None:
    theirs = flux.pipeline()(
        PROMPT, **SIZE, **options(flux), generator=generators(3, 2), num_images_per_prompt=2
    ).images
    ours = flux.sample(flux.empty(2, **SIZE), seed=3, guidance=guidance(flux)).samples
    assert torch.equal(packed(ours), theirs)
    assert torch.isfinite(theirs).all()


@pytest.mark.parametrize("strength", [0.6, 0.8])
def test_image_to_image(flux: Tiny, strength: float) -> None:
    assert flux.checkpoint.vae is not None
    start = encode(flux.pool, flux.checkpoint.vae, picture(batch=2))
    theirs = flux.pipeline(FluxImg2ImgPipeline)(
        PROMPT,
        image=start.samples,
        width=16,
        height=16,
        strength=strength,
        **options(flux),
        generator=generators(5, 2),
        num_images_per_prompt=2,
    ).images
    ours = flux.sample(start, seed=5, guidance=guidance(flux), denoise=strength).samples
    assert torch.equal(packed(ours), theirs)


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_inpainting(flux: Tiny, strength: float) -> None:
    assert flux.checkpoint.vae is not None
    start = encode_masked(flux.pool, flux.checkpoint.vae, picture(), square())
    theirs = flux.pipeline(FluxInpaintPipeline)(
        PROMPT,
        image=start.samples,
        mask_image=square().values.unsqueeze(1),
        masked_image_latents=start.samples,
        width=16,
        height=16,
        strength=strength,
        **options(flux),
        generator=generators(4),
    ).images
    ours = flux.sample(start, seed=4, guidance=guidance(flux), denoise=strength).samples
    assert torch.equal(packed(ours), theirs)


def test_text_to_pixels(dev: Tiny) -> None:
    theirs = dev.pipeline()(PROMPT, **SIZE, **{**options(dev), "output_type": "pt"}, generator=generators(8)).images
    assert dev.checkpoint.vae is not None
    latent = dev.sample(dev.empty(**SIZE), seed=8, guidance=3.5)
    assert torch.equal(planes(decode(dev.pool, dev.checkpoint.vae, latent)), theirs)


def test_a_negative_text_where_guidance_is_no_input(schnell: Tiny) -> None:
    theirs = schnell.pipeline()(
        PROMPT, negative_prompt=NEGATIVE, true_cfg_scale=2.0, **SIZE, **options(schnell), generator=generators(3)
    ).images
    ours = schnell.sample(schnell.empty(**SIZE), seed=3, guidance=2.0).samples
    assert torch.allclose(packed(ours), theirs, rtol=1e-4, atol=1e-4)  # they compute one text after the other


def test_where_guidance_is_an_input_no_negative_text_is_read(dev: Tiny) -> None:
    one, other = (
        dev.sample(dev.empty(), seed=1, guidance=3.5, negative=dev.text(text)).samples for text in ("dull", "red")
    )
    assert torch.equal(one, other)
    assert not torch.equal(one, dev.sample(dev.empty(), seed=1, guidance=1.5).samples)


def test_guidance_beside_the_one_that_is_an_input(dev: Tiny) -> None:
    positive = guidance_node(dev.text(PROMPT), 2.5)
    told = {**options(dev), "guidance_scale": 2.5}
    theirs = dev.pipeline()(PROMPT, **SIZE, **told, generator=generators(3)).images
    assert torch.equal(packed(dev.sample(dev.empty(**SIZE), seed=3, positive=positive, guidance=1.0).samples), theirs)
    theirs = dev.pipeline()(
        PROMPT, negative_prompt=NEGATIVE, true_cfg_scale=2.0, **SIZE, **told, generator=generators(3)
    ).images
    ours = dev.sample(dev.empty(**SIZE), seed=3, positive=positive, guidance=2.0).samples
    assert torch.allclose(packed(ours), theirs, rtol=1e-4, atol=1e-4)


def test_texts_of_different_lengths(schnell: Tiny) -> None:
    """They are not padded, so each is what it is alone."""
    long = schnell.text("a red circle " * 30)
    assert long.entries[0].embeddings.shape == (1, 512, 40)
    short = schnell.text(PROMPT)
    both = Conditioning("flux", (*short.entries, *long.entries))
    one_step = {"seed": 1, "steps": 1, "guidance": 1.0}
    mixed, *alone = (schnell.sample(schnell.empty(), positive=text, **one_step).samples for text in (both, short, long))
    assert torch.allclose(mixed, (alone[0] + alone[1]) / 2, rtol=1e-4, atol=1e-4)
    assert schnell.text("a (red:1.5) circle") != schnell.text("a red circle")
    assert schnell.text("a (red:1.0) circle") == schnell.text("a red circle")


@pytest.mark.parametrize("sampler", [name for name in SAMPLER_NAMES if name not in FLOW])
def test_samplers_that_are_not_for_flows(dev: Tiny, sampler: Any) -> None:
    with pytest.raises(NodeError, match="predict a flow") as caught:
        dev.sample(dev.empty(), seed=1, sampler=sampler)
    assert "euler, heun" in caught.value.hint


@pytest.mark.parametrize("schedule", ["karras", "exponential", "beta"])
def test_schedules(dev: Tiny, schedule: ScheduleName) -> None:
    theirs = dev.pipeline(sampler="euler", **{f"use_{schedule}_sigmas": True})(
        PROMPT, **SIZE, **options(dev), generator=generators(3)
    ).images
    ours = dev.sample(dev.empty(**SIZE), seed=3, guidance=3.5, schedule=schedule).samples
    assert torch.equal(packed(ours), theirs)
    with pytest.raises(NodeError, match="no schedule sgm_uniform"):
        dev.sample(dev.empty(), seed=1, schedule="sgm_uniform")


def test_heun_comes_nearer_to_many_steps(dev: Tiny) -> None:
    exact = dev.sample(dev.empty(), seed=1, guidance=3.5, steps=80).samples
    euler, heun = (
        dev.sample(dev.empty(), seed=1, guidance=3.5, steps=6, sampler=name).samples for name in ("euler", "heun")
    )
    assert (heun - exact).norm() < (euler - exact).norm() / 2


def test_noise_levels_depend_on_the_size(dev: Tiny, schnell: Tiny) -> None:
    model: Any = dev.checkpoint.model
    small, usual = (sigmas(model, steps=4, latent=each, pool=dev.pool).values for each in (dev.empty(), None))
    assert (small[0], small[-1]) == (1, 0)
    assert (usual[1:-1] > small[1:-1]).all()
    even = sigmas(schnell.checkpoint.model, steps=4, pool=schnell.pool).values  # type: ignore[arg-type]
    assert even.tolist() == [1, 0.75, 0.5, 0.25, 0]


@pytest.mark.parametrize("sampler", ["euler", "heun"])
def test_levels_of_ones_choice(dev: Tiny, sampler: Any) -> None:
    model: Any = dev.checkpoint.model
    levels = sigmas(model, steps=STEPS, latent=dev.empty(), pool=dev.pool).values
    whole = dev.sample(dev.empty(), seed=1, guidance=3.5, sampler=sampler).samples
    ours = dev.sample(dev.empty(), seed=1, guidance=3.5, sampler=sampler, sigmas=levels).samples
    assert torch.allclose(ours, whole, rtol=1e-4, atol=1e-4)
    half = dev.sample(dev.empty(), seed=1, guidance=3.5, sampler=sampler, sigmas=levels[:3])
    rest = dev.sample(half, seed=1, guidance=3.5, sampler=sampler, sigmas=levels[2:], adds_noise=False).samples
    assert torch.allclose(rest, whole, rtol=1e-4, atol=1e-4)
    with pytest.raises(NodeError, match="more than 1"):
        dev.sample(dev.empty(), seed=1, sigmas=karras_sigmas(3).values)


def test_latents_that_do_not_divide_into_patches(dev: Tiny) -> None:
    with pytest.raises(NodeError, match="multiples of 4"):
        dev.empty(width=18)
    with pytest.raises(NodeError, match="multiples of 4"):
        encode(dev.pool, dev.checkpoint.vae, Image(torch.zeros(1, 16, 18, 3)))  # type: ignore[arg-type]
    spec = dev.empty().spec
    with pytest.raises(NodeError, match="2 x 2 of them as one"):
        dev.sample(Latent(torch.zeros(1, 16, 8, 9), "flux", spec), seed=1)


def test_a_text_of_another_encoder(dev: Tiny) -> None:
    text = dev.text(PROMPT)
    (entry,) = text.entries
    for other in (replace(entry, pooled=None), replace(entry, embeddings=torch.zeros(1, 4, 9))):
        with pytest.raises(NodeError, match="the model takes 40 and 32"):
            dev.sample(dev.empty(), seed=1, positive=replace(text, entries=(other,)))


def test_another_prediction_is_refused(dev: Tiny) -> None:
    with pytest.raises(ModelRefused, match="predicts a flow, not epsilon"):
        open_checkpoint(as_file(dev.path), prediction="epsilon")


def test_models_that_see_a_picture_are_not_of_this_family(make_tiny: Callable[..., Tiny]) -> None:
    with pytest.raises(ModelRefused, match="no known architecture"):
        make_tiny(make_flux(channels=96))


def test_previews_come_nearer_to_the_result(dev: Tiny) -> None:
    seen: list[Any] = []
    dev.sample(dev.empty(**SIZE), seed=1, guidance=3.5, on_step=lambda _step, _total, look: seen.append(look()))
    assert [image.pixels.shape for image in seen] == [(1, 8, 12, 3)] * STEPS


def test_half_precision_is_that_of_its_training() -> None:
    assert choose_dtype("auto", torch.device("cuda"), Flux().half("model")) == torch.bfloat16
    assert choose_dtype("float16", torch.device("cuda"), Flux().half("model")) == torch.float16
