"""The loop: who may look, who may stop it, and what it refuses."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from graphengine.diffusion.latents import empty_latent, with_mask
from graphengine.diffusion.preview import LinearPreview, estimate_clean
from graphengine.diffusion.samplers import SAMPLER_NAMES, SAMPLERS, SamplerName
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.schedules import SCHEDULE_NAMES, ScheduleName, make_scheduler, supported_schedules
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.vae import decode
from graphengine.errors import Cancelled, NodeError

pytestmark = pytest.mark.torch


def run(
    model: Any, latent: Latent | None = None, on_step: Any = None, chunk: int | None = None, **settings: Any
) -> Latent:
    parts = model.checkpoint
    return sample(
        model.pool,
        parts.model,
        model.positive,
        model.negative,
        latent or empty_latent(parts.model, 16, 16),
        settings=Sampling(**{"seed": 1, "steps": 4, **settings}),
        on_step=on_step,
        chunk=chunk,
    )


@pytest.mark.parametrize(("sampler", "evaluations"), [("euler", 4), ("heun", 7), ("pndm", 5)])
def test_steps_are_reported(model: Any, sampler: SamplerName, evaluations: int) -> None:
    seen = []
    run(model, sampler=sampler, on_step=lambda step, total, _: seen.append((step, total)))
    assert seen == [(step, evaluations) for step in range(1, evaluations + 1)]


def test_looking_does_not_change_the_result(model: Any) -> None:
    pictures: list[Image] = []
    watched = run(model, on_step=lambda _step, _total, preview: pictures.append(preview()))
    assert torch.equal(watched.samples, run(model).samples)
    assert [picture.pixels.shape for picture in pictures] == [(1, 8, 8, 3)] * 4
    assert not torch.equal(pictures[0].pixels, pictures[-1].pixels)


def test_a_preview_that_is_not_called_costs_nothing(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LinearPreview, "__call__", lambda *_: pytest.fail("nobody looked"))
    run(model, on_step=lambda *_: None)


def test_cancelling_ends_it_at_once(model: Any) -> None:
    seen = []

    def on_step(step: int, _total: int, _preview: Any) -> None:
        seen.append(step)
        if step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(model, on_step=on_step)
    assert seen == [1, 2]
    run(model)  # and leaves nothing behind


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_a_picture_of_a_batch_is_the_one_its_seed_gives_alone(model: Any, sampler: SamplerName) -> None:
    batch = run(model, empty_latent(model.checkpoint.model, 16, 16, 3), seed=7, sampler=sampler)
    alone = run(model, seed=9, sampler=sampler)
    assert torch.allclose(batch.samples[2:], alone.samples, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_chunks_change_no_picture(model: Any, sampler: SamplerName) -> None:
    latent = empty_latent(model.checkpoint.model, 16, 16, 3)
    whole = run(model, latent, seed=2**64 - 2, sampler=sampler)
    for chunk in (1, 2, 5):
        parts = run(model, latent, chunk=chunk, seed=2**64 - 2, sampler=sampler)
        assert torch.allclose(parts.samples, whole.samples, rtol=1e-3, atol=1e-3)
    assert torch.equal(parts.samples, whole.samples)  # a chunk that is large enough is no chunk


def test_a_chunk_is_all_that_the_network_sees(model: Any) -> None:
    seen: list[int] = []
    with model.pool.use(model.checkpoint.model) as denoiser:
        hook = denoiser.module.register_forward_pre_hook(lambda _, arguments: seen.append(len(arguments[0])))
        try:
            run(model, empty_latent(model.checkpoint.model, 16, 16, 3), chunk=2, steps=2)
        finally:
            hook.remove()
    assert seen == [4, 4, 2, 2]  # with the negative prediction beside each


def test_the_steps_of_chunks_are_counted_together(model: Any) -> None:
    seen = []

    def on_step(step: int, total: int, look: Callable[[], Image]) -> None:
        seen.append((step, total, look().batch))

    run(model, empty_latent(model.checkpoint.model, 16, 16, 3), chunk=2, steps=2, on_step=on_step)
    assert seen == [(1, 4, 2), (2, 4, 2), (3, 4, 1), (4, 4, 1)]


@pytest.mark.parametrize("masks", [1, 3])
@pytest.mark.parametrize("channels", [4, 9])
def test_chunks_keep_their_masks_and_surroundings(make_model: Callable[..., Any], masks: int, channels: int) -> None:
    made = make_model(in_channels=channels)
    source = torch.Generator().manual_seed(0)
    samples, around = torch.randn(2, 3, 4, 8, 8, generator=source)
    mask = Mask(torch.rand(masks, 16, 16, generator=source).round())
    latent = Latent(samples, "sd", made.checkpoint.model.latent, mask, around)
    whole, parts = (run(made, latent, chunk=chunk, denoise=0.8, steps=5) for chunk in (None, 2))
    assert torch.allclose(parts.samples, whole.samples, rtol=1e-3, atol=1e-3)
    with pytest.raises(NodeError, match="2 masks do not fit 3 latents"):
        run(made, replace(latent, mask=Mask(torch.ones(2, 16, 16))), chunk=2)


def test_seeds_wrap_around_at_their_end(model: Any) -> None:
    batch = run(model, empty_latent(model.checkpoint.model, 16, 16, 2), seed=2**64 - 1)
    assert torch.allclose(batch.samples[1:], run(model, seed=0).samples, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("schedule", SCHEDULE_NAMES)
@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_every_combination_works_or_names_what_does(
    velocity_model: Any, sampler: SamplerName, schedule: ScheduleName
) -> None:
    works = supported_schedules(sampler)
    assert "normal" in works
    if schedule in works:
        assert torch.isfinite(run(velocity_model, steps=6, sampler=sampler, schedule=schedule).samples).all()
    else:
        with pytest.raises(NodeError, match=schedule) as refusal:
            run(velocity_model, sampler=sampler, schedule=schedule)
        assert "normal" in refusal.value.hint


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_one_step_is_enough(model: Any, sampler: SamplerName) -> None:
    assert torch.isfinite(run(model, steps=1, sampler=sampler).samples).all()


@pytest.mark.parametrize(
    ("sampler", "source", "schedule"),
    [("euler_ancestral", "euler", "karras"), ("dpmpp_sde", "dpmpp_2m", "sgm_uniform")],
)
def test_levels_are_borrowed_where_a_class_has_none(
    sampler: SamplerName, source: SamplerName, schedule: ScheduleName
) -> None:
    config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    made = [
        make_scheduler(
            config,
            prediction="epsilon",
            sampler=name,
            schedule=schedule,
            steps=5,
            device=torch.device("cpu"),
        )
        for name in (sampler, source)
    ]
    assert torch.equal(made[0].sigmas, made[1].sigmas)
    assert torch.equal(made[0].timesteps, made[1].timesteps)


def test_too_many_steps_are_refused(model: Any) -> None:
    with pytest.raises(NodeError, match="lcm cannot take 51 steps"):
        run(model, steps=51, sampler="lcm")


@pytest.mark.parametrize("settings", [{"steps": 0}, {"denoise": 1.1}, {"denoise": -0.1}])
def test_impossible_settings_are_refused(model: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(NodeError, match="cannot be sampled"):
        run(model, **settings)


def test_no_denoising_changes_nothing(model: Any) -> None:
    latent = empty_latent(model.checkpoint.model, 16, 16)
    assert run(model, latent, denoise=0.0) is latent
    assert run(model, latent, denoise=0.2) is latent  # less than one of four steps


def test_inputs_are_not_changed(model: Any) -> None:
    latent = with_mask(empty_latent(model.checkpoint.model, 16, 16), Mask(torch.rand(1, 16, 16)))
    before = latent.samples.clone(), model.positive.entries[0].embeddings.clone()
    run(model, latent, denoise=0.5)
    assert torch.equal(latent.samples, before[0])
    assert torch.equal(model.positive.entries[0].embeddings, before[1])


def test_latents_of_another_kind_are_refused(model: Any) -> None:
    latent = empty_latent(model.checkpoint.model, 16, 16)
    for other in (
        replace(latent, family="other"),
        Latent(torch.zeros(1, 4, 8, 8), "sd", LatentSpec(stride=8)),
    ):
        with pytest.raises(NodeError, match="not of the model's kind"):
            run(model, other)


def test_masks_must_fit_the_batch(model: Any) -> None:
    latent = with_mask(empty_latent(model.checkpoint.model, 16, 16), Mask(torch.ones(2, 16, 16)))
    with pytest.raises(NodeError, match="2 masks"):
        run(model, latent)


def test_a_soft_mask_of_any_size(model: Any) -> None:
    latent = empty_latent(model.checkpoint.model, 16, 16)
    full = run(model, with_mask(latent, Mask(torch.ones(1, 3, 5))))
    assert torch.equal(full.samples, run(model).samples)
    none = run(model, with_mask(latent, Mask(torch.zeros(1, 16, 16))))
    assert torch.equal(none.samples, latent.samples)


def test_a_differential_mask_says_when_a_cell_begins_to_change(model: Any) -> None:
    """A half everywhere is the second half of the way, to the bit; the ends are all and nothing."""
    start = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2))
    latent = replace(empty_latent(model.checkpoint.model, 16, 16), samples=start)
    for share, denoise in ((0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (1.0, 1.0)):
        mask = Mask(torch.full((1, 16, 16), share))
        found = run(model, with_mask(latent, mask, differential=True))
        assert torch.equal(found.samples, run(model, latent, denoise=denoise).samples), share
    mixed = run(model, with_mask(latent, Mask(torch.full((1, 16, 16), 0.5))))
    assert not torch.equal(mixed.samples, run(model, latent, denoise=0.5).samples)


def test_sides_must_fit_the_stride(model: Any) -> None:
    with pytest.raises(NodeError, match="multiples of 2") as refusal:
        empty_latent(model.checkpoint.model, 17, 16)
    assert "16 x 16" in refusal.value.hint


def test_an_inpainting_model_says_what_it_is(make_model: Callable[..., Any]) -> None:
    with pytest.raises(NodeError, match="5 channels beside the latent, and 0 were given"):
        run(make_model(in_channels=9))


def test_half_precision_is_close(model: Any) -> None:
    parts = model.checkpoint
    latent = empty_latent(parts.model, 16, 16)
    settings = Sampling(seed=1, steps=2, guidance=1.0)
    halves = replace(parts.model, dtype="bfloat16")
    exact, rough = (
        sample(model.pool, ref, model.positive, model.negative, latent, settings=settings).samples
        for ref in (parts.model, halves)
    )
    assert 0 < (exact - rough).abs().mean() < 0.05 * exact.abs().mean()
    picture = decode(model.pool, replace(parts.vae, dtype="bfloat16"), replace(latent, samples=rough))
    assert picture.pixels.dtype == torch.float32


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_clean_estimate_undoes_the_noise(prediction: Any) -> None:
    clean, noise = torch.randn(2, 1, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    alphas = torch.linspace(0.99, 0.1, 10)
    signal, strength = alphas[4].sqrt(), (1 - alphas[4]).sqrt()
    output = noise if prediction == "epsilon" else signal * noise - strength * clean
    found = estimate_clean(signal * clean + strength * noise, output, torch.tensor(4.0), alphas, prediction)
    assert torch.allclose(found, clean, atol=1e-5)


def test_a_model_brings_its_own_preview(make_model: Callable[..., Any]) -> None:
    made = make_model()
    (made.path / "preview.json").write_text('{"weights": [[0,0,0],[0,0,0],[0,0,0],[0,0,0]], "bias": [1,-1,0]}')
    pictures: list[Image] = []
    run(made, steps=1, on_step=lambda _step, _total, preview: pictures.append(preview()))
    assert torch.equal(pictures[0].pixels, torch.tensor([1.0, 0.0, 0.5]).expand(1, 8, 8, 3))


def test_a_preview_is_fitted_to_pictures() -> None:
    source = torch.Generator().manual_seed(0)
    latents = torch.randn((3, 4, 8, 8), generator=source)
    truth = LinearPreview(torch.randn((4, 3), generator=source).mul(0.05).tolist(), [0.1, -0.2, 0.3])
    pixels = truth(latents).pixels.repeat_interleave(4, dim=1).repeat_interleave(4, dim=2)
    fitted = LinearPreview.from_json(json.loads(json.dumps(LinearPreview.fit(latents, Image(pixels)).to_json())))
    assert torch.allclose(fitted(latents).pixels, truth(latents).pixels, atol=1e-5)


def test_every_sampler_says_what_it_is() -> None:
    assert set(SAMPLERS) == set(SAMPLER_NAMES)
    assert all(sampler.summary.endswith(".") for sampler in SAMPLERS.values())
