"""LoRA files with random weights for tiny models, in the formats that users have."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

NAME = "pytorch_lora_weights.safetensors"


def save_lora(
    folder: Path,
    pipeline: StableDiffusionPipeline,
    *,
    layers: Sequence[str] = ("to_q", "to_v"),
    text: Sequence[str] = ("q_proj", "out_proj", "fc1"),
    rank: int = 4,
    alpha: int = 4,
    seed: int = 1,
    **settings: Any,
) -> Path:
    """Save a LoRA as diffusers does, with its settings beside the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"unet": (pipeline.unet, layers)} | ({"text_encoder": (pipeline.text_encoder, text)} if text else {})
    saved: dict[str, Any] = {}
    source = torch.Generator().manual_seed(seed)
    for part, (module, names) in parts.items():
        own = settings if part == "unet" else {}
        config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(names), **own)
        module.add_adapter(config, "saved")
        for name, weight in module.named_parameters():
            if "lora_" in name:
                weight.data = torch.randn(weight.shape, generator=source) * 0.1
        saved[f"{part}_lora_layers"] = get_peft_model_state_dict(module, adapter_name="saved")
        saved[f"{part}_lora_adapter_metadata"] = config.to_dict()
    StableDiffusionPipeline.save_lora_weights(folder, **saved)
    return folder / NAME


def as_kohya(path: Path, alpha: float) -> Path:
    """Write a LoRA that diffusers saved as kohya's scripts would: underscores, down and up, an alpha for each layer."""
    tensors = {}
    for name, weight in load_file(path).items():
        part, _, rest = name.partition(".")
        layer, _, factor = rest.partition(".lora_")
        start = {"unet": "lora_unet", "text_encoder": "lora_te"}[part]
        layer = layer if part == "unet" or layer.startswith("text_model") else f"text_model.{layer}"
        key = f"{start}_{layer.replace('.', '_')}"
        tensors[f"{key}.lora_{'down' if factor.startswith(('A', 'down', 'linear_layer.down')) else 'up'}.weight"] = (
            weight
        )
        tensors[f"{key}.alpha"] = torch.tensor(alpha)
    written = path.with_name("kohya.safetensors")
    save_file(tensors, written)
    return written


def as_peft(path: Path, settings: Mapping[str, Any]) -> Path:
    """Write a LoRA for the denoiser that diffusers saved as peft would; return the folder."""
    folder = path.parent / "peft"
    folder.mkdir()
    tensors = {f"base_model.model.{name.removeprefix('unet.')}": weight for name, weight in load_file(path).items()}
    save_file(tensors, folder / "adapter_model.safetensors")
    layers = sorted({name.removeprefix("base_model.model.").partition(".lora_")[0] for name in tensors})
    content = {"peft_type": "LORA", "target_modules": layers, **settings}
    (folder / "adapter_config.json").write_text(json.dumps(content))
    return folder
