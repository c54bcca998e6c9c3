"""A single file in the layout of the first releases gives the picture that the folder gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from ldm_layout import clip_names, open_clip_names, unet_names, vae_names
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.diffusion.families.loading import load_scheduler_config
from graphengine.diffusion.families.sd import StableDiffusion
from graphengine.diffusion.families.table import Checkpoint, open_checkpoint
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.vae import decode
from graphengine.errors import ModelRefused
from graphengine.files.digest import Digests
from graphengine.files.roots import File
from graphengine.models.source import open_source

pytestmark = pytest.mark.torch

CONFIGS = StableDiffusion().configs


def full_vocabulary_encoder(hidden_act: str) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            hidden_act=hidden_act,
            bos_token_id=0,
            eos_token_id=2,
        )
    )


def as_file(path: Path) -> File:
    return File(path.name, path, Digests().of(path))


def render(pool: ModelPool, checkpoint: Checkpoint) -> Tensor:
    assert checkpoint.model is not None
    assert checkpoint.text_encoder is not None
    assert checkpoint.vae is not None
    positive, negative = (encode_text(pool, checkpoint.text_encoder, text) for text in ("a red circle", ""))
    latent = empty_latent(checkpoint.model, 16, 16)
    settings = Sampling(seed=1, steps=3, sampler="ddim")
    result = sample(pool, checkpoint.model, positive, negative, latent, settings=settings)
    return decode(pool, checkpoint.vae, result).pixels


@pytest.mark.parametrize("variant", ["sd1", "sd2"])
def test_the_same_picture(make_model: Callable[..., Any], tmp_path: Path, variant: str) -> None:
    second = variant == "sd2"
    made = make_model(
        tokenizer=clip_tokenizer("!" if second else "<|endoftext|>"),
        text_encoder=full_vocabulary_encoder("gelu" if second else "quick_gelu"),
        use_linear_projection=second,
        prediction="v_prediction" if second else "epsilon",
    )
    parts = made.components()
    encoder = parts["text_encoder"]
    texts = (
        open_clip_names(encoder, "cond_stage_model.model.")
        if second
        else clip_names(encoder, "cond_stage_model.transformer.text_model.")
    )
    state = unet_names(parts["unet"]) | vae_names(parts["vae"]) | texts
    state |= {"alphas_cumprod": torch.zeros(1000), "model_ema.decay": torch.zeros(())}  # what else is in real files
    if second:
        state["cond_stage_model.model.logit_scale"] = torch.zeros(())
    else:
        state["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    path = tmp_path / "model.safetensors"
    save_file({name: value.contiguous() for name, value in state.items()}, path)

    configs = tmp_path / "configs" / variant
    configs.parent.mkdir()
    configs.symlink_to(made.path)
    family = StableDiffusion(configs.parent)
    pool = ModelPool(torch.device("cpu"), families={"sd": family})
    checkpoint = open_checkpoint(as_file(path), families={"sd": family})
    assert checkpoint.model is not None
    assert checkpoint.model.variant == variant
    assert checkpoint.model.prediction == ("v_prediction" if second else "epsilon")
    assert torch.equal(render(pool, checkpoint), render(made.pool, made.checkpoint))


def test_a_file_without_a_text_encoder(tmp_path: Path, make_model: Callable[..., Any]) -> None:
    state = unet_names(make_model().components()["unet"])
    path = tmp_path / "unet.safetensors"
    save_file({name: value.contiguous() for name, value in state.items()}, path)
    checkpoint = open_checkpoint(as_file(path))
    assert checkpoint.model is not None
    assert (checkpoint.text_encoder, checkpoint.vae) == (None, None)
    # the shapes are not those of SD 1
    with (
        pytest.raises(ModelRefused, match="cannot be loaded"),
        ModelPool(torch.device("cpu")).use(checkpoint.model),
    ):
        pass


def test_clip_s_own_vocabulary() -> None:
    tokenizer = clip_tokenizer("!")
    assert len(tokenizer) == 49408
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer.pad_token_id == 0
    assert clip_tokenizer("<|endoftext|>").pad_token_id == 49407


@pytest.mark.parametrize(
    ("variant", "sizes"),
    [("sd1", (859_520_964, 83_653_863, 123_060_480)), ("sd2", (865_910_724, 83_653_863, 340_387_840))],
)
def test_the_configurations_describe_the_released_models(variant: str, sizes: tuple[int, ...]) -> None:
    folder = CONFIGS / variant
    with torch.device("meta"):
        modules = (
            UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet")),
            AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae")),
            CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")),
        )
    assert tuple(sum(p.numel() for p in module.parameters()) for module in modules) == sizes


def test_the_noise_schedule_of_the_released_models(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    config = load_scheduler_config(open_source(tmp_path / "a.safetensors"), CONFIGS / "sd1")
    assert (config["beta_start"], config["beta_end"], config["steps_offset"]) == (0.00085, 0.012, 1)
