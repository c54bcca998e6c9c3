"""A single file in the layout of the first releases gives the picture that the folder gives."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.diffusion.families.sd import StableDiffusion
from graphengine.diffusion.families.sd_weights import load_scheduler_config
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

UNET = {
    r"conv_in\.": "input_blocks.0.0.",
    r"time_embedding\.linear_1\.": "time_embed.0.",
    r"time_embedding\.linear_2\.": "time_embed.2.",
    r"down_blocks\.0\.resnets\.0\.": "input_blocks.1.0.",
    r"down_blocks\.0\.attentions\.0\.": "input_blocks.1.1.",
    r"down_blocks\.0\.downsamplers\.0\.conv\.": "input_blocks.2.0.op.",
    r"down_blocks\.1\.resnets\.0\.": "input_blocks.3.0.",
    r"mid_block\.resnets\.0\.": "middle_block.0.",
    r"mid_block\.attentions\.0\.": "middle_block.1.",
    r"mid_block\.resnets\.1\.": "middle_block.2.",
    r"up_blocks\.0\.resnets\.0\.": "output_blocks.0.0.",
    r"up_blocks\.0\.resnets\.1\.": "output_blocks.1.0.",
    r"up_blocks\.0\.upsamplers\.0\.conv\.": "output_blocks.1.1.conv.",
    r"up_blocks\.1\.resnets\.(\d)\.": "output_blocks.{+2}.0.",
    r"up_blocks\.1\.attentions\.(\d)\.": "output_blocks.{+2}.1.",
    r"conv_norm_out\.": "out.0.",
    r"conv_out\.": "out.2.",
}
UNET_RESNET = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "time_emb_proj.": "emb_layers.1.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "conv_shortcut.": "skip_connection.",
}
VAE = {
    r"encoder\.down_blocks\.(\d)\.resnets\.(\d)\.": r"encoder.down.\1.block.\2.",
    r"encoder\.down_blocks\.(\d)\.downsamplers\.0\.": r"encoder.down.\1.downsample.",
    r"decoder\.up_blocks\.0\.resnets\.(\d)\.": r"decoder.up.1.block.\1.",
    r"decoder\.up_blocks\.1\.resnets\.(\d)\.": r"decoder.up.0.block.\1.",
    r"decoder\.up_blocks\.0\.upsamplers\.0\.": "decoder.up.1.upsample.",
    r"(encoder|decoder)\.mid_block\.resnets\.0\.": r"\1.mid.block_1.",
    r"(encoder|decoder)\.mid_block\.resnets\.1\.": r"\1.mid.block_2.",
    r"(encoder|decoder)\.mid_block\.attentions\.0\.": r"\1.mid.attn_1.",
    r"(encoder|decoder)\.conv_norm_out\.": r"\1.norm_out.",
}
VAE_INSIDE = {
    "conv_shortcut.": "nin_shortcut.",
    "group_norm.": "norm.",
    "to_q.": "q.",
    "to_k.": "k.",
    "to_v.": "v.",
    "to_out.0.": "proj_out.",
}
OPEN_CLIP = {
    "encoder.layers.": "transformer.resblocks.",
    "layer_norm1.": "ln_1.",
    "layer_norm2.": "ln_2.",
    "self_attn.out_proj.": "attn.out_proj.",
    "mlp.fc1.": "mlp.c_fc.",
    "mlp.fc2.": "mlp.c_proj.",
    "embeddings.token_embedding.": "token_embedding.",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.": "ln_final.",
}


def rename(name: str, places: Mapping[str, str], inside: Mapping[str, str]) -> str:
    for pattern, target in places.items():
        match = re.match(pattern, name)
        if match:
            place = target.replace("{+2}", str(int(match[1]) + 2)) if "{+2}" in target else target
            name = match.expand(place) + name[match.end() :]
            break
    for old, new in inside.items():
        name = name.replace(f".{old}", f".{new}")
    return name


def unet_to_ldm(module: UNet2DConditionModel) -> dict[str, Tensor]:
    return {
        f"model.diffusion_model.{rename(name, UNET, UNET_RESNET if 'resnets' in name else {})}": value
        for name, value in module.state_dict().items()
    }


def vae_to_ldm(module: AutoencoderKL) -> dict[str, Tensor]:
    result = {}
    for name, value in module.state_dict().items():
        target = rename(name, VAE, VAE_INSIDE)
        attention = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", target)
        result[f"first_stage_model.{target}"] = value[..., None, None] if attention else value
    return result


def clip_to_ldm(module: CLIPTextModel) -> dict[str, Tensor]:
    return {f"cond_stage_model.transformer.text_model.{n}": v for n, v in module.state_dict().items()}


def open_clip_to_ldm(module: CLIPTextModel) -> dict[str, Tensor]:
    state = module.state_dict()
    for name in [name for name in state if ".q_proj." in name]:
        parts = [state.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"]
        state[name.replace("self_attn.q_proj.", "attn.in_proj_")] = torch.cat(parts)
    return {f"cond_stage_model.model.{rename(f'.{n}', {}, OPEN_CLIP)[1:]}": v for n, v in state.items()}


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
    text_to_ldm = open_clip_to_ldm if second else clip_to_ldm
    state = unet_to_ldm(parts["unet"]) | vae_to_ldm(parts["vae"]) | text_to_ldm(parts["text_encoder"])
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
    state = unet_to_ldm(make_model().components()["unet"])
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
