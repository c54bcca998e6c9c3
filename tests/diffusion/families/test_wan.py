"""Wan's text to video, bit for bit as the pipelines of diffusers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, WanPipeline, WanVideoToVideoPipeline
from safetensors.torch import save_file
from tiny_families import STEPS, Tiny, generators, make_wan, make_wan_22, make_wan_transformer, picture
from tiny_models import NEGATIVE, PROMPT, as_file

from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.families.wan import cleaned
from graphengine.diffusion.latents import with_mask
from graphengine.diffusion.regions import placed, together
from graphengine.diffusion.resuming import Position, freeze, thaw
from graphengine.diffusion.samplers import SamplerName
from graphengine.diffusion.sampling import Sampling
from graphengine.diffusion.together import Wish, decode_together, sample_together
from graphengine.diffusion.types.codecs import LatentCodec
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.types.refs import Patch
from graphengine.diffusion.vae import Tiling, decode, encode
from graphengine.diffusion.video.coding import decode_frames, encode_frames
from graphengine.errors import ModelRefused, NodeError
from nodes.sampling.shift import shift

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


def frames_of(count: int, seed: int = 1, width: int = 32) -> Image:
    return Image(torch.rand(count, 16, width, 3, generator=torch.Generator().manual_seed(seed)))


def test_the_5b_of_wan_22(make_tiny: Callable[..., Tiny]) -> None:
    """It is told a time for each token, and its autoencoder takes patches of pixels, 16 to a cell."""
    wan = make_tiny(make_wan_22(), expand_timesteps=True)
    options = {**COMMON, "width": 64, "height": 32, "num_frames": 5, "guidance_scale": 5.0}
    theirs, pixels = (
        pipeline(wan, "uni_pc")(PROMPT, NEGATIVE, generator=generators(3), **{**options, "output_type": kind}).frames
        for kind in ("latent", "pt")
    )
    start = wan.empty(width=64, height=32, frames=5)
    assert start.spec == LatentSpec(48, 16, 2, 4)
    ours = wan.sample(start, seed=3, guidance=5.0, sampler="uni_pc")
    assert torch.equal(ours.samples, theirs)
    assert wan.checkpoint.vae is not None
    made = decode(wan.pool, wan.checkpoint.vae, ours)
    assert torch.equal(made.pixels.permute(0, 3, 1, 2), pixels[0])
    with torch.no_grad():
        told = wan.pipeline().vae.encode((made.pixels.permute(3, 0, 1, 2) * 2 - 1)[None]).latent_dist.mode()
    mean, spread = (torch.linspace(*ends, 48).reshape(1, 48, 1, 1, 1) for ends in ((-1, 1), (0.5, 2)))
    assert torch.allclose(encode(wan.pool, wan.checkpoint.vae, made).samples, (told - mean) / spread, atol=1e-5)


@pytest.mark.parametrize("sampler", ["euler", "uni_pc"])
def test_another_shift(wan: Tiny, sampler: SamplerName) -> None:
    made = wan.pipeline()
    made.scheduler = (
        FlowMatchEulerDiscreteScheduler(shift=7.0)
        if sampler == "euler"
        else UniPCMultistepScheduler.from_config(made.scheduler.config, flow_shift=7.0)
    )
    theirs = made(PROMPT, num_frames=5, guidance_scale=1.0, generator=generators(3), **COMMON).frames
    assert wan.checkpoint.model is not None
    shifted = replace(wan, checkpoint=replace(wan.checkpoint, model=shift(wan.checkpoint.model, 7.0)))
    start = wan.empty(**SIZE, frames=5)
    ours = shifted.sample(start, seed=3, guidance=1.0, sampler=sampler).samples
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, wan.sample(start, seed=3, guidance=1.0, sampler=sampler).samples)


def test_only_levels_of_flows_are_shifted(base: Tiny) -> None:
    assert base.checkpoint.model is not None
    with pytest.raises(NodeError, match="predicts epsilon, not a flow"):
        shift(base.checkpoint.model, 3.0)


# ------------------------------------------------------------------ text


@pytest.mark.parametrize("text", [PROMPT, "", "  two\n lines  &amp;amp; “quotes” "])
def test_text(wan: Tiny, text: str) -> None:
    """Cleaned as there, and zeros beyond its end."""
    with torch.no_grad():
        theirs, _ = wan.pipeline().encode_prompt(text, do_classifier_free_guidance=False, max_sequence_length=512)
    (entry,) = wan.text(text).entries
    assert entry.embeddings.shape == (1, 512, 40)
    assert torch.equal(entry.embeddings, theirs)
    assert cleaned("  a  &amp;lt; b\n\tc ") == "a < b c"


def test_weights_and_long_texts(wan: Tiny) -> None:
    (plain,), (weighted,) = (wan.text(text).entries for text in ("a red circle", "a (red:1.5) circle"))
    assert not torch.equal(plain.embeddings, weighted.embeddings)
    assert torch.equal(weighted.embeddings[:, 20:], torch.zeros(1, 492, 40)), "beyond the text there is nothing"
    assert wan.text("a red circle " * 100).entries[0].embeddings.shape[1] > 512


def test_a_text_of_another_encoder(wan: Tiny) -> None:
    text = wan.text(PROMPT)
    (entry,) = text.entries
    other = replace(text, entries=(replace(entry, embeddings=torch.zeros(1, 4, 9)),))
    with pytest.raises(NodeError, match="vectors of 9 numbers, the model takes 40"):
        wan.sample(wan.empty(**SIZE), seed=1, positive=other)


# ------------------------------------------------------------------ sampling


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2m", "uni_pc"])
def test_solvers_come_to_one_end(wan: Tiny, sampler: SamplerName) -> None:
    start = wan.empty(**SIZE, frames=5)
    exact = wan.sample(start, seed=1, guidance=3.0, steps=60).samples
    few, many = (wan.sample(start, seed=1, guidance=3.0, steps=steps, sampler=sampler).samples for steps in (2, 20))
    assert (many - exact).norm() < 0.05 * exact.norm()
    assert (many - exact).norm() < (few - exact).norm() / 2


@pytest.mark.parametrize("sampler", ["euler", "uni_pc", "dpmpp_2m"])
def test_two_stages_along_levels_are_one(wan: Tiny, sampler: SamplerName) -> None:
    levels = torch.tensor([1.0, 0.9, 0.75, 0.5, 0.25, 0.0])
    start = wan.empty(**SIZE, frames=5)
    whole = wan.sample(start, seed=1, guidance=3.0, sampler=sampler, sigmas=levels).samples
    half = wan.sample(start, seed=1, guidance=3.0, sampler=sampler, sigmas=levels[:3])
    rest = wan.sample(half, seed=1, guidance=3.0, sampler=sampler, sigmas=levels[2:], adds_noise=False).samples
    near = {"rtol": 1e-4, "atol": 1e-4} if sampler == "euler" else {"rtol": 0.2, "atol": 0.2}  # these look back
    assert torch.allclose(rest, whole, **near)


def test_a_video_is_what_it_is_alone(wan: Tiny) -> None:
    both = wan.sample(wan.empty(2, **SIZE, frames=5), seed=4, guidance=3.0).samples
    alone = wan.sample(wan.empty(**SIZE, frames=5), seed=5, guidance=3.0).samples
    assert torch.allclose(both[1:], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sampler", ["euler", "uni_pc", "dpmpp_2m"])
def test_a_mask_holds_for_all_frames(wan: Tiny, sampler: SamplerName) -> None:
    assert wan.checkpoint.vae is not None
    start = encode(wan.pool, wan.checkpoint.vae, frames_of(5, width=16))
    left = torch.zeros(1, 16, 16)
    left[..., :8] = 1
    made = wan.sample(with_mask(start, Mask(left)), seed=1, guidance=3.0, denoise=0.8, sampler=sampler)
    kept = made.samples == start.samples
    assert kept[..., 1].all()
    assert not kept[..., 0].any()


def test_jobs_of_videos_are_made_together(wan: Tiny) -> None:
    assert wan.checkpoint.model is not None
    texts = wan.text(PROMPT), wan.text(NEGATIVE)
    start = wan.empty(**SIZE, frames=5)
    wishes = [Wish(*texts, start, 7), Wish(*reversed(texts), start, 9), Wish(*texts, wan.empty(**SIZE), 7)]
    settings = Sampling(0, steps=3, guidance=3.0)
    for wish, made in zip(
        wishes, sample_together(wan.pool, wan.checkpoint.model, wishes, settings=settings), strict=True
    ):
        sides = {"positive": wish.positive, "negative": wish.negative}
        alone = wan.sample(wish.latent, seed=wish.seed, steps=3, guidance=3.0, **sides)
        assert torch.allclose(made.samples, alone.samples, rtol=1e-4, atol=1e-4)


def test_places_of_texts(wan: Tiny) -> None:
    red, dull = wan.text(PROMPT), wan.text(NEGATIVE)
    everywhere, nowhere = torch.ones(1, 16, 32), torch.zeros(1, 16, 32)
    start = wan.empty(**SIZE, frames=5)
    alone = wan.sample(start, seed=1, guidance=1.0, positive=red).samples
    both = together(placed(red, Mask(everywhere)), placed(dull, Mask(nowhere)))
    assert torch.allclose(wan.sample(start, seed=1, guidance=1.0, positive=both).samples, alone, atol=1e-5)


def test_previews_and_checkpoints(wan: Tiny) -> None:
    seen: list[Image] = []
    made = wan.sample(
        wan.empty(2, **SIZE, frames=5), seed=1, guidance=1.0, on_step=lambda _step, _total, look: seen.append(look())
    )
    assert [each.pixels.shape for each in seen] == [(2, 2, 4, 3)] * STEPS
    kept = freeze(Position(1, (made.samples,), {}))
    assert torch.equal(thaw(kept, 1, torch.device("cpu")).done[0], made.samples)
    codec = LatentCodec()
    assert codec.decode(codec.encode(made)) == made


def test_half_precision_keeps_places_and_times_exact(wan: Tiny) -> None:
    model: Any = replace(wan.checkpoint.model, dtype="bfloat16")  # type: ignore[type-var]
    with wan.pool.use(model) as denoiser:
        assert denoiser.module.dtype == torch.bfloat16
        assert denoiser.module.blocks[0].attn1.to_q.weight.dtype == torch.bfloat16
        assert denoiser.module.rope.freqs_cos.dtype == torch.float32
        assert denoiser.module.condition_embedder.time_embedder.linear_1.weight.dtype == torch.float32
    tiny = replace(wan, checkpoint=replace(wan.checkpoint, model=model))
    assert torch.isfinite(tiny.sample(tiny.empty(**SIZE, frames=5), seed=1).samples).all()


@pytest.mark.parametrize(
    ("start", "layers"),
    [
        ("transformer.", ("attn1.to_q.lora_A", "attn1.to_q.lora_B")),
        ("diffusion_model.", ("self_attn.q.lora_down", "self_attn.q.lora_up")),
    ],
)
def test_loras_as_they_are_published(wan: Tiny, tmp_path: Path, start: str, layers: tuple[str, str]) -> None:
    """Two thin matrices beside a layer of every block, under the names of diffusers or of the release."""
    assert wan.checkpoint.model is not None
    down, up = torch.rand(2, 2, 2, 24)
    names = {
        f"{start}blocks.{block}.{layer}.weight": each[block].T.contiguous() if index else each[block]
        for block in range(2)
        for index, (layer, each) in enumerate(zip(layers, (down, up), strict=True))
    }
    path = tmp_path / "lora.safetensors"
    save_file(names, path)
    given = torch.rand(1, 5, 24)
    patched = wan.checkpoint.model.patched(Patch("lora", as_file(path), 0.5))
    with wan.pool.use(wan.checkpoint.model) as plain, wan.pool.use(patched) as tuned:
        for block in range(2):
            before, after = (each.module.blocks[block].attn1.to_q(given) for each in (plain, tuned))
            wanted = before + 0.5 * given @ down[block].T @ up[block]
            assert torch.allclose(after, wanted, atol=1e-5)


# ------------------------------------------------------------------ frames


def test_frames_one_by_one_are_those_at_once(wan: Tiny) -> None:
    vae = wan.checkpoint.vae
    assert vae is not None
    frames = frames_of(FRAMES)
    latent = encode(wan.pool, vae, frames)
    assert latent.samples.shape == (1, 16, 3, 2, 4)
    parts = [Image(frames.pixels[:2]), Image(frames.pixels[2:3]), Image(frames.pixels[3:])]
    assert encode_frames(wan.pool, vae, parts) == latent
    assert encode_frames(wan.pool, vae, [Image(frames.pixels[:1])]).samples.shape == (1, 16, 1, 2, 4)
    whole = decode(wan.pool, vae, latent).pixels
    assert whole.shape == (FRAMES, 16, 32, 3)
    singly = list(decode_frames(wan.pool, vae, latent))
    assert torch.equal(torch.cat([each.pixels for each in singly]), whole)


def test_frames_come_when_they_are_taken(wan: Tiny) -> None:
    vae = wan.checkpoint.vae
    assert vae is not None
    made = decode_frames(wan.pool, vae, wan.empty(**SIZE, frames=4001))
    assert next(made).pixels.shape == (1, 16, 32, 3)
    assert torch.is_grad_enabled()
    made.close()  # type: ignore[attr-defined]


def test_several_videos(wan: Tiny) -> None:
    vae = wan.checkpoint.vae
    assert vae is not None
    one, other = (encode(wan.pool, vae, frames_of(5, seed)) for seed in (1, 2))
    both = replace(one, samples=torch.cat([one.samples, other.samples]))
    assert both.pictures == 10
    found = decode_together(wan.pool, vae, [one, both])
    assert [each.batch for each in found] == [5, 10]
    assert torch.allclose(found[1].pixels[:5], decode(wan.pool, vae, one).pixels, atol=1e-5)
    singly = torch.cat([each.pixels for each in decode_frames(wan.pool, vae, both)])
    assert torch.allclose(found[1].pixels, singly, atol=1e-5)


def test_tiles(wan: Tiny) -> None:
    vae = wan.checkpoint.vae
    assert vae is not None
    frames = Image(torch.full((5, 128, 160, 3), 0.3))
    latent = encode(wan.pool, vae, frames, Tiling(96, 64))
    assert latent.samples.shape == (1, 16, 2, 16, 20)
    assert decode(wan.pool, vae, latent, Tiling(96, 64)).pixels.shape == (5, 128, 160, 3)
    assert torch.equal(decode(wan.pool, vae, latent, Tiling(512, 64)).pixels, decode(wan.pool, vae, latent).pixels)


# ------------------------------------------------------------------ what is refused


def test_sizes_that_do_not_divide(wan: Tiny, dev: Tiny) -> None:
    vae = wan.checkpoint.vae
    assert vae is not None
    for make in (
        lambda: wan.empty(**SIZE, frames=7),
        lambda: encode(wan.pool, vae, frames_of(7)),
        lambda: encode_frames(wan.pool, vae, [frames_of(7)]),
    ):
        with pytest.raises(NodeError, match="7 frames does not divide") as caught:
            make()
        assert "5 or 9" in caught.value.hint
    with pytest.raises(NodeError, match="multiples of 16"):
        wan.empty(width=24)
    with pytest.raises(NodeError, match="multiples of 16"):
        encode_frames(wan.pool, vae, [frames_of(1, width=24)])
    with pytest.raises(NodeError, match="frame 2 is 16 x 16 pixels, those before are 32 x 16"):
        encode_frames(wan.pool, vae, [frames_of(1), frames_of(1, width=16)])
    with pytest.raises(NodeError, match="no frame to encode"):
        encode_frames(wan.pool, vae, [])
    with pytest.raises(NodeError, match="makes pictures, no videos of 5"):
        dev.empty(frames=5)


def test_pictures_and_videos_are_not_mixed_up(wan: Tiny, dev: Tiny) -> None:
    assert dev.checkpoint.vae is not None
    with pytest.raises(NodeError, match="one of pictures"):
        encode_frames(dev.pool, dev.checkpoint.vae, [picture()])
    with pytest.raises(NodeError, match="one of pictures"):
        next(decode_frames(dev.pool, dev.checkpoint.vae, wan.empty()))
    with pytest.raises(NodeError, match="not of the model's kind"):
        wan.sample(dev.empty(), seed=1)
    assert wan.checkpoint.vae is not None
    with pytest.raises(NodeError, match="not of the autoencoder's kind"):
        next(decode_frames(wan.pool, wan.checkpoint.vae, dev.empty()))
    with pytest.raises(ValueError, match="a latent must be any x 16 x any x any x any"):
        Latent(torch.zeros(1, 16, 2, 2), "wan", LatentSpec(16, 8, 2, 4))


def test_other_models_of_the_architecture_lend_their_other_parts(make_tiny: Callable[..., Tiny]) -> None:
    """Those that follow a picture at each frame are no denoisers that we know, and no experts if one is such."""
    other = make_wan_transformer(in_channels=52)
    for pipeline in (make_wan(channels=52), make_wan(transformer_2=other, boundary_ratio=0.875)):
        found = make_tiny(pipeline).checkpoint
        assert (found.model, found.experts) == (None, ())
        assert found.text_encoder is not None
        assert found.vae is not None


def test_another_prediction_is_refused(wan: Tiny) -> None:
    with pytest.raises(ModelRefused, match="predicts a flow, not epsilon"):
        open_checkpoint(as_file(wan.path), prediction="epsilon")
