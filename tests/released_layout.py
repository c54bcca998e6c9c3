"""The names of tensors under which Flux.1, SD 3 and Wan were released."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

FLUX = {
    r"time_text_embed\.timestep_embedder\.linear_1\.": "time_in.in_layer.",
    r"time_text_embed\.timestep_embedder\.linear_2\.": "time_in.out_layer.",
    r"time_text_embed\.text_embedder\.linear_1\.": "vector_in.in_layer.",
    r"time_text_embed\.text_embedder\.linear_2\.": "vector_in.out_layer.",
    r"time_text_embed\.guidance_embedder\.linear_1\.": "guidance_in.in_layer.",
    r"time_text_embed\.guidance_embedder\.linear_2\.": "guidance_in.out_layer.",
    r"context_embedder\.": "txt_in.",
    r"x_embedder\.": "img_in.",
    r"proj_out\.": "final_layer.linear.",
    r"norm_out\.linear\.": "final_layer.adaLN_modulation.1.",
    r"transformer_blocks\.(\d+)\.norm1\.linear\.": r"double_blocks.\1.img_mod.lin.",
    r"transformer_blocks\.(\d+)\.norm1_context\.linear\.": r"double_blocks.\1.txt_mod.lin.",
    r"transformer_blocks\.(\d+)\.attn\.to_[qkv]\.": r"double_blocks.\1.img_attn.qkv.",
    r"transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj\.": r"double_blocks.\1.txt_attn.qkv.",
    r"transformer_blocks\.(\d+)\.attn\.norm_q\.weight": r"double_blocks.\1.img_attn.norm.query_norm.scale",
    r"transformer_blocks\.(\d+)\.attn\.norm_k\.weight": r"double_blocks.\1.img_attn.norm.key_norm.scale",
    r"transformer_blocks\.(\d+)\.attn\.norm_added_q\.weight": r"double_blocks.\1.txt_attn.norm.query_norm.scale",
    r"transformer_blocks\.(\d+)\.attn\.norm_added_k\.weight": r"double_blocks.\1.txt_attn.norm.key_norm.scale",
    r"transformer_blocks\.(\d+)\.attn\.to_out\.0\.": r"double_blocks.\1.img_attn.proj.",
    r"transformer_blocks\.(\d+)\.attn\.to_add_out\.": r"double_blocks.\1.txt_attn.proj.",
    r"transformer_blocks\.(\d+)\.ff\.net\.0\.proj\.": r"double_blocks.\1.img_mlp.0.",
    r"transformer_blocks\.(\d+)\.ff\.net\.2\.": r"double_blocks.\1.img_mlp.2.",
    r"transformer_blocks\.(\d+)\.ff_context\.net\.0\.proj\.": r"double_blocks.\1.txt_mlp.0.",
    r"transformer_blocks\.(\d+)\.ff_context\.net\.2\.": r"double_blocks.\1.txt_mlp.2.",
    r"single_transformer_blocks\.(\d+)\.norm\.linear\.": r"single_blocks.\1.modulation.lin.",
    r"single_transformer_blocks\.(\d+)\.(?:attn\.to_[qkv]|proj_mlp)\.": r"single_blocks.\1.linear1.",
    r"single_transformer_blocks\.(\d+)\.attn\.norm_q\.weight": r"single_blocks.\1.norm.query_norm.scale",
    r"single_transformer_blocks\.(\d+)\.attn\.norm_k\.weight": r"single_blocks.\1.norm.key_norm.scale",
    r"single_transformer_blocks\.(\d+)\.proj_out\.": r"single_blocks.\1.linear2.",
}
FLUX_JOINED = ("to_q", "to_k", "to_v", "proj_mlp", "add_q_proj", "add_k_proj", "add_v_proj")

SD3 = {
    r"pos_embed\.pos_embed": "pos_embed",
    r"pos_embed\.proj\.": "x_embedder.proj.",
    r"time_text_embed\.timestep_embedder\.linear_1\.": "t_embedder.mlp.0.",
    r"time_text_embed\.timestep_embedder\.linear_2\.": "t_embedder.mlp.2.",
    r"time_text_embed\.text_embedder\.linear_1\.": "y_embedder.mlp.0.",
    r"time_text_embed\.text_embedder\.linear_2\.": "y_embedder.mlp.2.",
    r"proj_out\.": "final_layer.linear.",
    r"norm_out\.linear\.": "final_layer.adaLN_modulation.1.",
    r"transformer_blocks\.(\d+)\.norm1\.linear\.": r"joint_blocks.\1.x_block.adaLN_modulation.1.",
    r"transformer_blocks\.(\d+)\.norm1_context\.linear\.": r"joint_blocks.\1.context_block.adaLN_modulation.1.",
    r"transformer_blocks\.(\d+)\.(attn2?)\.to_[qkv]\.": r"joint_blocks.\1.x_block.\2.qkv.",
    r"transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj\.": r"joint_blocks.\1.context_block.attn.qkv.",
    r"transformer_blocks\.(\d+)\.(attn2?)\.norm_([qk])\.": r"joint_blocks.\1.x_block.\2.ln_\3.",
    r"transformer_blocks\.(\d+)\.attn\.norm_added_([qk])\.": r"joint_blocks.\1.context_block.attn.ln_\2.",
    r"transformer_blocks\.(\d+)\.(attn2?)\.to_out\.0\.": r"joint_blocks.\1.x_block.\2.proj.",
    r"transformer_blocks\.(\d+)\.attn\.to_add_out\.": r"joint_blocks.\1.context_block.attn.proj.",
    r"transformer_blocks\.(\d+)\.ff\.net\.0\.proj\.": r"joint_blocks.\1.x_block.mlp.fc1.",
    r"transformer_blocks\.(\d+)\.ff\.net\.2\.": r"joint_blocks.\1.x_block.mlp.fc2.",
    r"transformer_blocks\.(\d+)\.ff_context\.net\.0\.proj\.": r"joint_blocks.\1.context_block.mlp.fc1.",
    r"transformer_blocks\.(\d+)\.ff_context\.net\.2\.": r"joint_blocks.\1.context_block.mlp.fc2.",
}
SD3_JOINED = ("to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj")

WAN = {
    r"condition_embedder\.time_embedder\.linear_1\.": "time_embedding.0.",
    r"condition_embedder\.time_embedder\.linear_2\.": "time_embedding.2.",
    r"condition_embedder\.text_embedder\.linear_1\.": "text_embedding.0.",
    r"condition_embedder\.text_embedder\.linear_2\.": "text_embedding.2.",
    r"condition_embedder\.time_proj\.": "time_projection.1.",
    r"condition_embedder\.image_embedder\.norm1\.": "img_emb.proj.0.",
    r"condition_embedder\.image_embedder\.ff\.net\.0\.proj\.": "img_emb.proj.1.",
    r"condition_embedder\.image_embedder\.ff\.net\.2\.": "img_emb.proj.3.",
    r"condition_embedder\.image_embedder\.norm2\.": "img_emb.proj.4.",
    r"condition_embedder\.image_embedder\.pos_embed": "img_emb.emb_pos",
    r"blocks\.(\d+)\.attn2\.add_([kv])_proj\.": r"blocks.\1.cross_attn.\2_img.",
    r"blocks\.(\d+)\.attn2\.norm_added_k\.": r"blocks.\1.cross_attn.norm_k_img.",
    r"blocks\.(\d+)\.attn1\.to_([qkv])\.": r"blocks.\1.self_attn.\2.",
    r"blocks\.(\d+)\.attn1\.to_out\.0\.": r"blocks.\1.self_attn.o.",
    r"blocks\.(\d+)\.attn1\.norm_": r"blocks.\1.self_attn.norm_",
    r"blocks\.(\d+)\.attn2\.to_([qkv])\.": r"blocks.\1.cross_attn.\2.",
    r"blocks\.(\d+)\.attn2\.to_out\.0\.": r"blocks.\1.cross_attn.o.",
    r"blocks\.(\d+)\.attn2\.norm_": r"blocks.\1.cross_attn.norm_",
    r"blocks\.(\d+)\.norm2\.": r"blocks.\1.norm3.",
    r"blocks\.(\d+)\.ffn\.net\.0\.proj\.": r"blocks.\1.ffn.0.",
    r"blocks\.(\d+)\.ffn\.net\.2\.": r"blocks.\1.ffn.2.",
    r"blocks\.(\d+)\.scale_shift_table": r"blocks.\1.modulation",
    r"scale_shift_table": "head.modulation",
    r"proj_out\.": "head.head.",
}

_RESIDUAL = {"norm1": "residual.0", "conv1": "residual.2", "norm2": "residual.3", "conv2": "residual.6"}
WAN_VAE = {
    r"quant_conv\.": "conv1.",
    r"post_quant_conv\.": "conv2.",
    r"(en|de)coder\.conv_in\.": r"\1coder.conv1.",
    r"(en|de)coder\.norm_out\.": r"\1coder.head.0.",
    r"(en|de)coder\.conv_out\.": r"\1coder.head.2.",
    r"(en|de)coder\.mid_block\.attentions\.0\.": r"\1coder.middle.1.",
}


def released_names(module: Any, places: Mapping[str, str], joined: Sequence[str], swapped: Sequence[str]) -> Any:
    """The tensors of a transformer of diffusers under the names of its release.

    Args:
        places: from patterns of names to those of the release; several tensors of one name are joined.
        joined: in which order.
        swapped: of which the halves stand the other way round.
    """
    parts: dict[str, list[tuple[int, Tensor]]] = defaultdict(list)
    for name, value in module.state_dict().items():
        target = next((re.sub(pattern, new, name) for pattern, new in places.items() if re.match(pattern, name)), name)
        order = next((index for index, part in enumerate(joined) if f".{part}." in name), 0)
        halves = torch.cat(value.chunk(2)[::-1]) if name.startswith(tuple(swapped)) else value
        parts[target].append((order, halves))
    result: dict[str, Tensor] = {}
    for name, found in parts.items():
        values = [value for _, value in sorted(found, key=lambda pair: pair[0])]
        result[name] = torch.cat(values) if len(values) > 1 else values[0]
    return result


def flux_names(module: Any) -> dict[str, Tensor]:
    """Those of Flux.1."""
    names: dict[str, Tensor] = released_names(module, FLUX, FLUX_JOINED, ("norm_out.",))
    return names


def sd3_names(module: Any) -> dict[str, Tensor]:
    """Those of SD 3; the last block has no more use for its text."""
    last = f"transformer_blocks.{module.config.num_layers - 1}.norm1_context."
    names: dict[str, Tensor] = released_names(module, SD3, SD3_JOINED, ("norm_out.", last))
    return names


def wan_names(module: Any) -> dict[str, Tensor]:
    """Those of Wan's denoiser."""
    names: dict[str, Tensor] = released_names(module, WAN, (), ())
    return names


def wan_vae_names(module: Any) -> dict[str, Tensor]:
    """Those of Wan's autoencoder, in which every block has a number of its own."""
    return {_wan_vae_name(name): value for name, value in module.state_dict().items()}


def _wan_vae_name(name: str) -> str:
    for pattern, new in WAN_VAE.items():
        if re.match(pattern, name):
            return re.sub(pattern, new, name)
    if found := re.match(r"(..coder)\.mid_block\.resnets\.(\d)\.(\w+)\.(\w+)", name):
        coder, index, layer, kind = found.groups()
        return f"{coder}.middle.{2 * int(index)}.{_RESIDUAL[layer]}.{kind}"
    if found := re.match(r"decoder\.up_blocks\.(\d)\.(resnets|upsamplers)\.(\d)\.(.+)", name):
        block, kind, index, rest = found.groups()
        number = 4 * int(block) + (3 if kind == "upsamplers" else int(index))
        return f"decoder.upsamples.{number}.{_wan_layer(rest)}"
    found = re.fullmatch(r"encoder\.down_blocks\.(\d+)\.(.+)", name)
    assert found is not None, name
    return f"encoder.downsamples.{found[1]}.{_wan_layer(found[2])}"


def _wan_layer(rest: str) -> str:
    layer, _, kind = rest.partition(".")
    return f"{_RESIDUAL.get(layer, layer.replace('conv_shortcut', 'shortcut'))}.{kind}"
