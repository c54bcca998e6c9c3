"""Wan's image to video, bit for bit as the pipelines of diffusers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, WanImageToVideoPipeline
from ldm_layout import write
from PIL import Image as Pil
from released_layout import wan_names
from safetensors.torch import save_file
from tiny_families import STEPS, Tiny, generators, make_wan_22, make_wan_i2v, make_wan_transformer
from tiny_models import NEGATIVE, PROMPT, as_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from graphengine.diffusion.families.table import open_checkpoint
from graphengine.diffusion.families.wan import Wan
from graphengine.diffusion.image_encoders import open_image_encoder, seen_in
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.together import Wish, sample_together
from graphengine.diffusion.types.codecs import LatentCodec, RefCodec
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ImageEncoderRef
from graphengine.diffusion.vae import decode, encode
from graphengine.errors import ModelRefused, NodeError
from graphengine.models.parts import count_weights
from graphengine.models.source import open_source
from nodes.latent.scale import repeat, scale
from nodes.model.load import load
from nodes.model.load_image_encoder import load_image_encoder
from nodes.model.part import load_denoiser
from nodes.vae.bind_frames import bind_frames

pytestmark = pytest.mark.torch

SIZE = {"width": 32, "height": 16}
FRAMES = 9
COMMON: dict[str, Any] = {"num_inference_steps": STEPS, "output_type": "latent", "guidance_scale": 5.0}
OURS: dict[str, Any] = {"seed": 3, "guidance": 5.0, "sampler": "uni_pc"}


def frame(seed: int, width: int = 32, height: int = 16) -> Pil.Image:
    return Pil.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def picture(shown: Pil.Image) -> Image:
    return Image(torch.from_numpy(np.asarray(shown).copy())[None].float() / 255)


@pytest.fixture(scope="module")
def looking(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Wan 2.1's, which looks at its first frame."""
    return make_tiny(make_wan_i2v())


@pytest.fixture(scope="module")
def plain(make_tiny: Callable[..., Tiny]) -> Tiny:
    """One that looks at nothing, as an expert of Wan 2.2's does."""
    return make_tiny(make_wan_i2v(looks=False))


def bind(wan: Tiny, first: Image, last: Image | None = None, batch: int = 1, **size: int) -> Latent:
    assert wan.checkpoint.vae is not None
    looks = (wan.path / "image_encoder").is_dir()
    encoder = load_image_encoder(as_file(wan.path)) if looks else None
    canvas = wan.empty(batch, **{**SIZE, "frames": FRAMES, **size})
    return bind_frames(wan.checkpoint.vae, canvas, first, last, encoder, pool=wan.pool)


def theirs(wan: Tiny, *, last: Pil.Image | None = None, **options: Any) -> torch.Tensor:
    made = wan.pipeline()
    settings = {"num_frames": FRAMES, "generator": generators(3, options.get("num_videos_per_prompt", 1))}
    frames: torch.Tensor = made(
        frame(1), PROMPT, NEGATIVE, last_image=last, **{**COMMON, **SIZE, **settings, **options}
    ).frames
    return frames


def test_a_video_of_its_first_frame(looking: Tiny) -> None:
    made = looking.sample(bind(looking, picture(frame(1))), **OURS)
    assert torch.equal(made.samples, theirs(looking))
    other = looking.sample(bind(looking, picture(frame(2))), **OURS)
    assert (made.samples - other.samples).abs().max() > 1e-3


@pytest.mark.parametrize("sampler", ["euler", "uni_pc"])
def test_several_videos_without_an_encoder(plain: Tiny, sampler: Any) -> None:
    pipeline = plain.pipeline()
    if sampler == "euler":
        pipeline.scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    settings = {**COMMON, **SIZE, "num_frames": FRAMES, "num_videos_per_prompt": 2}
    wanted = pipeline(frame(1), PROMPT, NEGATIVE, generator=generators(3, 2), **settings).frames
    made = plain.sample(bind(plain, picture(frame(1)), batch=2), **{**OURS, "sampler": sampler}).samples
    assert torch.equal(made, wanted)


def test_to_pixels(plain: Tiny) -> None:
    assert plain.checkpoint.vae is not None
    made = decode(plain.pool, plain.checkpoint.vae, plain.sample(bind(plain, picture(frame(1))), **OURS)).pixels
    assert torch.equal(made.permute(0, 3, 1, 2), theirs(plain, output_type="pt")[0])


def test_a_last_frame(plain: Tiny) -> None:
    made = plain.sample(bind(plain, picture(frame(1)), picture(frame(2))), **OURS).samples
    assert torch.equal(made, theirs(plain, last=frame(2)))


def test_one_that_is_trained_with_a_last_frame(make_tiny: Callable[..., Tiny]) -> None:
    """It reads a place at each part of both frames: five of each here."""
    wan = make_tiny(make_wan_i2v(places=10))
    made = wan.sample(bind(wan, picture(frame(1)), picture(frame(2))), **OURS).samples
    assert torch.equal(made, theirs(wan, last=frame(2)))
    with pytest.raises(NodeError, match="from a first frame to a last one"):
        wan.sample(bind(wan, picture(frame(1))), **OURS)


def test_the_5b_of_wan_22_holds_its_first_frame(make_tiny: Callable[..., Tiny]) -> None:
    parts = make_wan_22().components
    kept = {name: part for name, part in parts.items() if name != "transformer_2"}
    wan = make_tiny(WanImageToVideoPipeline(**kept, expand_timesteps=True), expand_timesteps=True)
    size = {"width": 64, "height": 32, "frames": 5}
    shown, pipeline = frame(1, 64, 32), wan.pipeline()
    settings = {**COMMON, "width": 64, "height": 32, "num_frames": 5}
    wanted = pipeline(shown, PROMPT, NEGATIVE, generator=generators(3), **settings).frames
    start = bind(wan, picture(shown), **size)
    made = wan.sample(start, **OURS).samples
    assert torch.equal(made, wanted)
    assert start.given is not None
    assert torch.equal(made[:, :, 0], start.given.latents[:, :, 0])
    with pytest.raises(NodeError, match="the 4 of a cell in time") as caught:
        wan.sample(bind(wan, picture(shown), picture(shown), **size), **OURS)
    assert "no last frame" in caught.value.hint


@pytest.fixture(scope="module")
def pair(make_tiny: Callable[..., Tiny]) -> Tiny:
    """The two experts of Wan 2.2's, in a folder."""
    torch.manual_seed(5)
    second = make_wan_transformer(in_channels=36)
    return make_tiny(make_wan_i2v(looks=False, transformer_2=second, boundary_ratio=0.7), boundary_ratio=0.7)


def test_two_experts_share_the_steps(pair: Tiny) -> None:
    """The first samples while there is much noise, and the second goes on with what it left."""
    pipeline = pair.pipeline()
    pipeline.scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    settings = {**COMMON, **SIZE, "num_frames": FRAMES}
    wanted = pipeline(frame(1), PROMPT, NEGATIVE, generator=generators(3), **settings).frames
    first = int((pipeline.scheduler.timesteps >= 700).sum())
    assert 0 < first < STEPS
    high, low = (
        replace(pair, checkpoint=replace(pair.checkpoint, model=load_denoiser(as_file(pair.path), expert=expert)))
        for expert in ("high_noise", "low_noise")
    )
    options = {**OURS, "sampler": "euler"}
    half = high.sample(bind(high, picture(frame(1))), **options, last=first)
    assert torch.equal(low.sample(half, **options, first=first, adds_noise=False).samples, wanted)


def test_a_folder_of_two_experts_is_no_model_for_all_steps(pair: Tiny, plain: Tiny) -> None:
    found = pair.checkpoint
    assert (found.model, [each.variant for each in found.experts]) == (None, ["i2v_high", "i2v_low"])
    with pytest.raises(NodeError, match="two denoisers") as caught:
        load(as_file(pair.path))
    assert "Load denoiser" in caught.value.hint
    assert plain.checkpoint.model is not None
    both, alone = (count_weights(open_source(each.path), "model") for each in (pair, plain))
    assert both == alone, "one of them is there at a time"
    assert load_denoiser(as_file(plain.path), expert="low_noise") == plain.checkpoint.model


@pytest.mark.parametrize("places", [None, 10])
def test_files_of_those_that_look(make_tiny: Callable[..., Tiny], tmp_path: Path, places: int | None) -> None:
    """Under the names of the release, all tensors have their place."""
    pipeline = make_wan_i2v(places=places)
    folder = make_tiny(pipeline)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "wan_t2v").symlink_to(folder.path)
    write(tmp_path / "model.safetensors", wan_names(pipeline.transformer))
    families = {"wan": Wan(tmp_path / "configs")}
    model: Any = open_checkpoint(as_file(tmp_path / "model.safetensors"), families=families).model
    assert (model.variant, model.latent) == ("i2v", folder.empty().spec)
    with ModelPool(torch.device("cpu"), families=families).use(model) as denoiser:
        ours, wanted = denoiser.module.state_dict(), pipeline.transformer.state_dict()
        assert ours.keys() == wanted.keys()
        assert all(torch.equal(ours[name], wanted[name]) for name in ours)


# ------------------------------------------------------------------ latents with given frames


def test_a_video_goes_on(plain: Tiny) -> None:
    """Several first frames are given: those that another video ended with."""
    pictures = Image(torch.cat([picture(frame(seed)).pixels for seed in range(5)]))
    found = bind(plain, pictures).given
    assert found is not None
    assert found.frames == (0, 1, 2, 3, 4)
    assert plain.checkpoint.vae is not None
    assert torch.equal(found.latents[:, :, :2], encode(plain.pool, plain.checkpoint.vae, pictures).samples)
    assert torch.isfinite(plain.sample(bind(plain, pictures), **OURS).samples).all()


def test_it_goes_where_latents_go(looking: Tiny) -> None:
    start = bind(looking, picture(frame(1)), picture(frame(2)), batch=2)
    codec = LatentCodec()
    encoded = codec.encode(start)
    assert codec.decode(encoded) == start
    assert codec.nbytes(start) == sum(memoryview(each).nbytes for each in encoded.buffers)
    larger = scale(start, 2.0)
    assert larger.given is not None
    assert larger.given.latents.shape == (1, 16, 3, 4, 8)
    single = bind(looking, picture(frame(1)))
    both = looking.sample(repeat(single, 2), **OURS).samples
    assert torch.allclose(both[:1], looking.sample(single, **OURS).samples, atol=1e-4)
    assert not torch.equal(both[0], both[1])


def test_jobs_with_frames_of_their_own_are_made_together(looking: Tiny) -> None:
    assert looking.checkpoint.model is not None
    texts = looking.positive, looking.negative
    starts = [bind(looking, picture(frame(seed))) for seed in (1, 2)]
    wishes = [Wish(*texts, start, 7) for start in starts]
    settings = Sampling(0, steps=3, guidance=3.0)
    found = sample_together(looking.pool, looking.checkpoint.model, wishes, settings=settings)
    for start, made in zip(starts, found, strict=True):
        alone = looking.sample(start, seed=7, steps=3, guidance=3.0)
        assert torch.allclose(made.samples, alone.samples, rtol=1e-4, atol=1e-4)
        assert made.given == start.given
    joined = repeat(starts[0], 2)
    chunked = sample(looking.pool, looking.checkpoint.model, *texts, joined, settings=Sampling(7, 3, 3.0), chunk=1)
    assert torch.allclose(chunked.samples[:1], found[0].samples, rtol=1e-4, atol=1e-4)


# ------------------------------------------------------------------ encoders of pictures


def test_encoders_of_pictures(looking: Tiny, tmp_path: Path) -> None:
    """As a model's folder, as a folder of its own, and as a file of CLIP ViT-H."""
    wanted = looking.pipeline().encode_image([frame(1), frame(2)]).detach()
    pictures = [picture(frame(1)), picture(frame(2))]
    for path in (looking.path, looking.path / "image_encoder"):
        ref = load_image_encoder(as_file(path))
        with looking.pool.use(ref) as encoder, torch.no_grad():
            assert torch.equal(seen_in(encoder, pictures), wanted)
    codec = RefCodec(ImageEncoderRef)
    assert codec.decode(codec.encode(ref)) == ref
    sizes = {"hidden_size": 160, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = CLIPVisionConfig(image_size=32, patch_size=16, hidden_act="gelu", **sizes)
    module = CLIPVisionModelWithProjection(config)
    path = tmp_path / "clip_vision_h.safetensors"
    save_file(module.state_dict(), path)
    with looking.pool.use(open_image_encoder(as_file(path))) as encoder:
        state = {f"vision_model.{name}": each for name, each in encoder.module.state_dict().items()}
        assert all(torch.equal(each, module.state_dict()[name]) for name, each in state.items())
        assert encoder.module.config.num_attention_heads == 2


def test_what_is_no_encoder_of_pictures(plain: Tiny, tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    for path in (plain.path, plain.path / "text_encoder", tmp_path / "a.safetensors"):
        with pytest.raises(ModelRefused, match="holds no CLIP vision model"):
            open_image_encoder(as_file(path))


# ------------------------------------------------------------------ what is refused


def test_frames_that_do_not_fit(plain: Tiny, looking: Tiny, wan: Tiny, base: Tiny) -> None:
    assert plain.checkpoint.vae is not None
    with pytest.raises(NodeError, match="frame of 16 x 16 pixels does not fit a video of 32 x 16") as caught:
        bind(plain, picture(frame(1, 16, 16)))
    assert "32 x 16" in caught.value.hint
    with pytest.raises(NodeError, match="2 frames are given, and the video has 1"):
        bind(plain, picture(frame(1)), picture(frame(1)), frames=1)
    with pytest.raises(NodeError, match="is of pictures"):
        bind_frames(plain.checkpoint.vae, base.empty(), picture(frame(1)), pool=plain.pool)
    with pytest.raises(NodeError, match="makes a video of a picture, and none was given"):
        plain.sample(plain.empty(**SIZE, frames=FRAMES), **OURS)
    with pytest.raises(NodeError, match="videos of texts alone"):
        wan.sample(bind(plain, picture(frame(1))), **OURS)
    with pytest.raises(NodeError, match="through an image encoder, and there is none"):
        looking.sample(bind(plain, picture(frame(1))), **OURS)
    with pytest.raises(NodeError, match="a text of 512 tokens beside a picture"):
        looking.sample(bind(looking, picture(frame(1))), **OURS, positive=looking.text("a red circle " * 100))


def test_what_an_encoder_of_another_model_sees(looking: Tiny) -> None:
    start = bind(looking, picture(frame(1)))
    assert start.given is not None
    other = replace(start, given=replace(start.given, seen=torch.zeros(1, 1, 5, 9)))
    with pytest.raises(NodeError, match="tells 9 numbers of each part of a picture, the model takes 32"):
        looking.sample(other, **OURS)


def test_given_frames_that_are_none(plain: Tiny) -> None:
    start = bind(plain, picture(frame(1)))
    assert start.given is not None
    for wrong in ({"frames": ()}, {"frames": (9,)}, {"latents": start.given.latents[..., :1]}):
        with pytest.raises(ValueError, match="frame"):
            replace(start, given=replace(start.given, **wrong))
