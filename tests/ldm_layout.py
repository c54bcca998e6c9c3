"""The names of tensors in single files, which have the layout of the first releases (LDM)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

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


def unet_names(module: Any, places: Mapping[str, str] = UNET) -> dict[str, Tensor]:
    """The tensors of a UNet with one resnet per level under their names in single files."""
    return {
        f"model.diffusion_model.{rename(name, places, UNET_RESNET if 'resnets' in name else {})}": value
        for name, value in module.state_dict().items()
    }


def vae_names(module: Any) -> dict[str, Tensor]:
    """Those of an autoencoder of two levels."""
    result = {}
    for name, value in module.state_dict().items():
        target = rename(name, VAE, VAE_INSIDE)
        attention = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", target)
        result[f"first_stage_model.{target}"] = value[..., None, None] if attention else value
    return result


def clip_names(module: Any, prefix: str) -> dict[str, Tensor]:
    """Those of a CLIP text encoder."""
    return {f"{prefix}{name}": value for name, value in module.state_dict().items()}


def open_clip_names(module: Any, prefix: str) -> dict[str, Tensor]:
    """Those of a CLIP text encoder of the OpenCLIP project, with or without a projection."""
    state = {name.removeprefix("text_model."): value for name, value in module.state_dict().items()}
    projection = state.pop("text_projection.weight", None)
    for name in [name for name in state if ".q_proj." in name]:
        parts = [state.pop(name.replace("q_proj", f"{part}_proj")) for part in "qkv"]
        state[name.replace("self_attn.q_proj.", "attn.in_proj_")] = torch.cat(parts)
    if projection is not None:
        state["text_projection"] = projection.T
    return {f"{prefix}{rename(f'.{n}', {}, OPEN_CLIP)[1:]}": v for n, v in state.items()}


def write(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write a single file."""
    save_file({name: value.contiguous() for name, value in state.items()}, path)
