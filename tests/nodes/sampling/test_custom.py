"""Sampling by its parts: as the whole does it, cut in two, and with other guidance."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from graphengine.diffusion.guiders import mix_of
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.schedules import CUSTOM
from graphengine.diffusion.types.custom import Guider, NoiseRef, SamplerRef, Sigmas
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.table import DIFFUSION_TYPES
from graphengine.errors import NodeError
from graphengine.types.builtin import Seed
from nodes.sampling.custom import custom
from nodes.sampling.parts import guider, noise, sampler
from nodes.sampling.sample import sample
from nodes.sampling.sigmas import karras_sigmas, sigmas, split_sigmas

pytestmark = pytest.mark.torch

Run = Callable[..., Latent]


@pytest.fixture
def run(model: Any, notes: Any) -> Run:
    """Sample by parts, with the tiny model's texts at scale 3."""

    def run(levels: Sigmas, name: Any = "euler", latent: Latent | None = None, **parts: Any) -> Latent:
        guide = parts.get("guide", guider(model.positive, model.negative, 3.0))
        source = parts.get("source", noise(Seed(5)))
        start = latent or empty_latent(model.checkpoint.model, 16, 16, 2)
        ref = model.checkpoint.model
        return custom(ref, source, guide, sampler(name), levels, start, pool=model.pool, context=notes)

    return run


@pytest.fixture
def whole(model: Any, notes: Any) -> Run:
    """Sample as the one node does."""

    def run(name: Any, latent: Latent | None = None, **rest: Any) -> Latent:
        start = latent or empty_latent(model.checkpoint.model, 16, 16, 2)
        texts = (model.positive, model.negative)
        settings = {"steps": 6, "cfg": 3.0, "sampler": name, "seed": Seed(5), **rest}
        return sample(model.checkpoint.model, *texts, start, **settings, pool=model.pool, context=notes)

    return run


def distance(one: Latent, other: Latent) -> float:
    return float((one.samples - other.samples).norm() / other.samples.norm())


@pytest.mark.parametrize(("schedule", "error"), [("sgm_uniform", 5e-3), ("normal", 0.02), ("karras", 0.02)])
def test_the_parts_do_what_the_whole_does(
    model: Any, run: Run, whole: Run, schedule: Any, error: float, notes: Any
) -> None:
    """Almost: the one node takes the first level for pure noise, the parts add to the latent what it says."""
    levels = sigmas(model.checkpoint.model, schedule, 6, pool=model.pool)
    assert levels.values.shape == (7,)
    found = run(levels)
    assert notes.steps == [(step, 6) for step in range(1, 7)]
    assert distance(found, whole("euler", schedule=schedule)) < error


def test_a_part_of_the_levels_is_image_to_image(model: Any, run: Run, whole: Run) -> None:
    latent = run(karras_sigmas(2))
    levels = sigmas(model.checkpoint.model, "normal", 6, 0.5, pool=model.pool)
    assert len(levels.values) == 4
    assert distance(run(levels, latent=latent), whole("euler", latent, denoise=0.5)) < 2e-3
    with pytest.raises(NodeError, match="none is left"):
        sigmas(model.checkpoint.model, "normal", 6, 0.1, pool=model.pool)


@pytest.mark.parametrize("name", CUSTOM)
def test_every_sampler_walks_any_levels(run: Run, name: Any) -> None:
    found = run(karras_sigmas(4, 10.0, 0.1), name)
    assert torch.isfinite(found.samples).all()
    assert found.samples.std() < 20, "no more than the noise that there was"


def test_two_stages_are_one(run: Run) -> None:
    levels = karras_sigmas(6, 14.0, 0.05)
    halves = split_sigmas(levels, 3)
    first = run(halves.high)
    little = run(Sigmas(torch.tensor([14.0, 13.9])))
    assert 0.8 < little.samples.std() < 1.2, "on a link what is noisy has the variance of a clean one"
    second = run(halves.low, latent=first, source=noise(Seed(9), add=False))
    assert distance(second, run(levels)) < 1e-4
    for other in ("dpmpp_2m", "uni_pc"):
        crossed = run(halves.low, other, latent=first, source=noise(add=False))
        assert distance(crossed, second) < 0.5, "another solver goes on from the same noise"


def test_the_seed_makes_the_noise(run: Run) -> None:
    levels = karras_sigmas(2)
    assert torch.equal(run(levels).samples, run(levels).samples)
    assert torch.equal(run(levels).samples[1], run(levels, source=noise(Seed(6))).samples[0])


def test_wrong_parts_are_refused(run: Run) -> None:
    with pytest.raises(NodeError, match="the sampler heun walks only schedules of its own"):
        run(karras_sigmas(3), "heun")
    with pytest.raises(NodeError, match="not above the lowest"):
        karras_sigmas(3, 1.0, 2.0)
    with pytest.raises(NodeError, match="after step 3 of 3 nothing is left"):
        split_sigmas(karras_sigmas(3), 3)
    for wrong in ([1.0], [1.0, 2.0], [2.0, 1.0, 1.0], [1.0, -1.0]):
        with pytest.raises(ValueError, match="noise levels"):
            Sigmas(torch.tensor(wrong))


def test_karras_levels_are_those_of_the_paper() -> None:
    values = karras_sigmas(5, 80.0, 0.002).values.tolist()
    wanted = [(80 ** (1 / 7) + i / 4 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7 for i in range(5)]
    assert values == pytest.approx([*wanted, 0], rel=1e-4)


# ------------------------------------------------------------------ guidance


def pair() -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(1)
    return torch.randn(2, 4, 6, 6, generator=source), torch.randn(2, 4, 6, 6, generator=source) * 0.8


def plain(scale: float) -> Tensor:
    away, towards = pair()
    return away + scale * (towards - away)


def test_without_amount_they_are_plain_guidance() -> None:
    away, towards = pair()
    for kind in ("cfg_rescale", "apg", "magnitude"):
        mix = mix_of(kind, 5.0, 0.0)  # type: ignore[arg-type]
        assert mix is not None
        assert torch.allclose(mix(away, towards), plain(5.0), atol=1e-4)
    assert mix_of("cfg", 5.0, 1.0) is None


def test_rescaling_gives_the_contrast_of_the_wanted_prediction() -> None:
    away, towards = pair()
    mix = mix_of("cfg_rescale", 5.0, 1.0)
    assert mix is not None
    found = mix(away, towards).flatten(1).std(1)
    assert torch.allclose(found, towards.flatten(1).std(1), rtol=1e-4)
    assert (plain(5.0).flatten(1).std(1) > 2 * found).all()


def test_projection_leaves_the_step_across_the_wanted_prediction() -> None:
    away, towards = pair()
    mix = mix_of("apg", 5.0, 1.0)
    assert mix is not None
    step = mix(away, towards) - towards
    assert ((step * towards).flatten(1).sum(1).abs() < 1e-2).all()


def test_zero_star_does_not_mind_the_size_of_the_unwanted_prediction() -> None:
    away, towards = pair()
    mix = mix_of("cfg_zero_star", 5.0, 0.0)
    assert mix is not None
    assert torch.allclose(mix(away, towards), mix(away * 3, towards), atol=1e-4)


def test_tangential_guidance_drops_what_only_the_unwanted_prediction_has() -> None:
    away, towards = pair()
    mix = mix_of("tcfg", 5.0, 0.0)
    assert mix is not None
    same = mix(towards, towards)
    assert torch.allclose(same, towards, atol=1e-4)
    alone = mix(away[:1], towards[:1])
    assert torch.allclose(mix(away, towards)[:1], alone, atol=1e-4)
    assert not torch.allclose(alone, plain(5.0)[:1], atol=1e-2)


def test_guidance_is_less_where_predictions_differ_much() -> None:
    away, towards = pair()
    mix = mix_of("magnitude", 5.0, 1.0)
    assert mix is not None
    far = (mix(away, towards) - away).norm() / (towards - away).norm()
    near = (mix(away, away + (towards - away) * 0.01) - away).norm() / (towards - away).norm() * 100
    assert 1 <= far < 1.1
    assert 4 < near < 5


@pytest.mark.parametrize("kind", ["cfg_rescale", "apg", "cfg_zero_star", "tcfg", "magnitude"])
def test_guiders_change_what_is_sampled(model: Any, run: Run, kind: Any) -> None:
    levels = karras_sigmas(3)
    other = run(levels, guide=guider(model.positive, model.negative, 3.0, kind, 0.8))
    assert distance(other, run(levels)) > 1e-4


# ------------------------------------------------------------------ values


def test_the_parts_survive_storing(model: Any) -> None:
    codecs = {each.python: each.codec for each in DIFFUSION_TYPES}
    values = [
        karras_sigmas(3),
        NoiseRef(2**64 - 1, adds=False),
        SamplerRef("uni_pc"),
        Guider(model.positive, model.negative, 2.5, "apg", 0.5),
    ]
    for value in values:
        codec: Any = codecs[type(value)]
        encoded = codec.encode(value)
        assert codec.decode(encoded) == value
        assert codec.nbytes(value) >= sum(memoryview(buffer).nbytes for buffer in encoded.buffers)
