"""What single files and folders are, by the names and shapes that their makers give them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from documents import weights_file

from graphengine.models.nature import Nature, nature_of
from graphengine.models.source import open_source

ONE = (1,)
UNET = {"model.diffusion_model.input_blocks.0.0.weight": (32, 4, 3, 3)}
SD1 = {**UNET, "model.diffusion_model.middle_block.1.proj_in.weight": (8, 8, 1, 1)}
SD2 = {**UNET, "model.diffusion_model.middle_block.1.proj_in.weight": (8, 8)}
BESIDE = {"vae.decoder.conv_in.weight": ONE, "text_encoders.t5xxl.transformer.x": ONE}
WHOLE = {"first_stage_model.decoder.conv_in.weight": ONE, "cond_stage_model.transformer.x": ONE}
WAN = {
    "patch_embedding.weight": (8, 16, 1, 2, 2),
    "blocks.0.cross_attn.q.weight": (8, 8),
    "blocks.0.ffn.0.weight": (16, 8),
    "head.head.weight": (64, 8),
}
FLUX = {"double_blocks.0.img_attn.norm.key_norm.scale": ONE, "img_in.weight": (8, 64)}

KNOWN: list[tuple[Mapping[str, tuple[int, ...]], str, str, str]] = [
    ({**SD1, **WHOLE}, "model", "sd", "sd1"),
    ({**SD2, **WHOLE}, "model", "sd", "sd2"),
    (SD1, "denoiser", "sd", "sd1"),
    (
        {**UNET, "model.diffusion_model.label_emb.0.0.weight": (8, 2816), "conditioner.embedders.0.x": ONE, **WHOLE},
        "model",
        "sdxl",
        "base",
    ),
    ({"model.diffusion_model.label_emb.0.0.weight": (8, 2560), **UNET, **WHOLE}, "model", "sdxl", "refiner"),
    (
        {
            "model.diffusion_model.label_emb.0.0.weight": (8, 9),
            "conditioner.embedders.0.model.ln_final.weight": ONE,
            **UNET,
            **WHOLE,
        },
        "model",
        "sdxl",
        "refiner",
    ),
    ({"model.diffusion_model.label_emb.0.0.weight": (8, 2816), "edm_mean": ONE, **UNET, **WHOLE}, "model", "sdxl", ""),
    ({"add_embedding.linear_1.weight": (8, 8), "down_blocks.0.resnets.0.norm1.weight": ONE}, "denoiser", "sdxl", ""),
    ({"model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight": ONE, **WHOLE}, "model", "sd3", "medium"),
    (
        {"joint_blocks.0.context_block.x": ONE, "joint_blocks.0.x_block.attn.ln_q.weight": ONE},
        "denoiser",
        "sd3",
        "large35",
    ),
    ({"joint_blocks.0.context_block.x": ONE, "joint_blocks.0.x_block.attn2.x": ONE}, "denoiser", "sd3", "medium35"),
    (FLUX, "denoiser", "flux", "schnell"),
    ({**FLUX, "img_in.weight": (8, 384)}, "denoiser", "flux", ""),
    ({**FLUX, "guidance_in.in_layer.weight": ONE}, "denoiser", "flux", "dev"),
    ({f"model.diffusion_model.{name}": shape for name, shape in FLUX.items()} | BESIDE, "model", "flux", "schnell"),
    (
        {"double_blocks.0.img_attn.proj.weight": ONE, "double_stream_modulation_img.lin.weight": ONE},
        "denoiser",
        "flux2",
        "",
    ),
    ({"patch_embedding.weight": (8, 16, 1, 2, 2), "blocks.0.cross_attn.k.weight": ONE}, "denoiser", "wan", ""),
    (WAN, "denoiser", "wan", "t2v"),
    ({f"model.diffusion_model.{name}": shape for name, shape in WAN.items()}, "denoiser", "wan", "t2v"),
    ({**WAN, "patch_embedding.weight": (8, 48, 1, 2, 2)}, "denoiser", "wan", "ti2v"),
    ({**WAN, "patch_embedding.weight": (8, 36, 1, 2, 2)}, "denoiser", "wan", "i2v"),
    ({**WAN, "patch_embedding.weight": (8, 36, 1, 2, 2), "img_emb.proj.0.weight": ONE}, "denoiser", "wan", "i2v"),
    ({**WAN, "patch_embedding.weight": (8, 52, 1, 2, 2)}, "denoiser", "wan", ""),
    ({**WAN, "img_emb.proj.0.weight": ONE}, "denoiser", "wan", ""),
    ({**WAN, "vace_blocks.0.after_proj.bias": ONE}, "denoiser", "wan", ""),
    (
        {"decoder.middle.0.residual.0.gamma": ONE, "conv2.weight": (16, 16, 1, 1, 1), "decoder.conv1.weight": ONE},
        "vae",
        "wan",
        "t2v",
    ),
    ({"patchify_proj.weight": ONE, "transformer_blocks.0.scale_shift_table": ONE}, "denoiser", "ltx", ""),
    (
        {"txt_norm.weight": ONE, "img_in.weight": ONE, "transformer_blocks.0.attn.add_q_proj.weight": ONE},
        "denoiser",
        "qwen_image",
        "",
    ),
    ({"encoder.conv_in.weight": ONE, "decoder.conv_in.weight": ONE}, "vae", "", ""),
    ({"decoder.middle.0.residual.0.gamma": ONE, "decoder.conv1.weight": ONE}, "vae", "wan", ""),
    ({"text_model.encoder.layers.0.mlp.fc1.weight": ONE}, "text_encoder", "clip", ""),
    ({"encoder.block.0.layer.0.SelfAttention.q.weight": ONE, "shared.weight": ONE}, "text_encoder", "t5", ""),
    ({"lora_unet_down_attn2_to_k.lora_down.weight": (4, 768)}, "lora", "sd", ""),
    ({"unet.down_blocks.0.attn2.to_k.lora_A.weight": (4, 2048)}, "lora", "sdxl", ""),
    ({"lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": (4, 8)}, "lora", "flux", ""),
    ({"lora_unet_x.hada_w1_a": (4, 8)}, "lora", "", ""),
    ({"control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (8, 768)}, "controlnet", "sd", ""),
    ({"controlnet_cond_embedding.conv_in.weight": ONE}, "controlnet", "", ""),
    ({"ip_adapter.1.to_k_ip.weight": ONE, "image_proj.proj.weight": ONE}, "adapter", "", ""),
    ({"emb_params": (2, 768)}, "embedding", "", ""),
    ({"clip_l": (2, 768), "clip_g": (2, 1280)}, "embedding", "", ""),
    ({"conv_first.weight": (8, 3, 3, 3), "body.0.rdb1.conv1.weight": ONE}, "upscaler", "esrgan", ""),
    ({"body.0.weight": (8, 3, 3, 3), "body.1.weight": (8,), "body.2.weight": (8, 8, 3, 3)}, "upscaler", "srvgg", ""),
    ({"neck.reassemble_stage.layers.0.projection.weight": ONE}, "depth", "dpt", ""),
    ({"something.else": ONE}, "unknown", "", ""),
    ({}, "unknown", "", ""),
]

LOADED = {"sd", "sdxl", "sd3", "flux", "wan"}


@pytest.mark.parametrize(("shapes", "role", "family", "variant"), KNOWN, ids=range(len(KNOWN)))
def test_a_file_is_known_by_its_tensors(
    tmp_path: Path, shapes: Mapping[str, tuple[int, ...]], role: str, family: str, variant: str
) -> None:
    path = tmp_path / "a.safetensors"
    weights_file(path, shapes)
    found = nature_of(open_source(path))
    assert (found.role, found.family, found.variant) == (role, family, variant)
    assert bool(found.title) == (role != "unknown")
    assert found.loads == (bool(variant) and family in LOADED and role in ("model", "denoiser"))


def folder(path: Path, index: Mapping[str, object], **configs: Mapping[str, object]) -> Path:
    path.mkdir()
    (path / "model_index.json").write_text(json.dumps(index))
    for part, config in configs.items():
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        (path / part).mkdir()
        (path / part / name).write_text(json.dumps(config))
    return path


def test_a_folder_is_known_by_its_configurations(tmp_path: Path) -> None:
    index = {"unet": ["diffusers", "UNet2DConditionModel"], "text_encoder": ["transformers", "CLIPTextModel"]}
    made = folder(tmp_path / "sd", index, unet={"use_linear_projection": True}, vae={}, scheduler={})
    assert nature_of(open_source(made)) == Nature("model", "sd", "sd2", "Stable Diffusion 2", loads=True)


@pytest.mark.parametrize(
    ("pipeline", "family", "title"),
    [
        ("StableDiffusionXLInstructPix2PixPipeline", "sdxl", "Stable Diffusion XL"),
        ("FluxFillPipeline", "flux", "Flux.1"),
        ("WanImageToVideoPipeline", "wan", "Wan"),
        ("NobodyKnowsPipeline", "", "NobodyKnowsPipeline"),
    ],
)
def test_other_folders_are_known_by_their_pipeline(tmp_path: Path, pipeline: str, family: str, title: str) -> None:
    made = folder(tmp_path / "one", {"_class_name": pipeline})
    assert nature_of(open_source(made)) == Nature("model", family, "", title)
