"""Reading the parts of SD 1 and SD 2, from both layouts, without a network.

A folder is what diffusers saves. A single file has the layout of the first releases (LDM) and carries no
configuration: that lies beside this module, one folder per variant.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from transformers import AutoTokenizer, CLIPTextModel

from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.diffusion.weights import read_tensors
from graphengine.errors import ModelRefused
from graphengine.models.sd import TEXT_PREFIX, UNET_PREFIX, VAE_PREFIX
from graphengine.models.source import ModelFolder, SingleFile, Source

_PREFIXES = {"unet": UNET_PREFIX, "vae": VAE_PREFIX}
_AUTOENCODERS = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}


def load_unet(source: Source, configs: Path, dtype: torch.dtype) -> Any:
    """Load the denoiser; ``configs`` is the folder that describes a single file."""
    return _load_diffusers(UNet2DConditionModel, source, configs, "unet", dtype)


def load_autoencoder(source: Source, configs: Path, dtype: torch.dtype) -> Any:
    """Load the autoencoder: the full one, or the tiny one that a folder may name."""
    if isinstance(source, SingleFile):
        return _load_diffusers(AutoencoderKL, source, configs, "vae", dtype)
    name = source.config("vae").get("_class_name", "AutoencoderKL")
    if name not in _AUTOENCODERS:
        raise ModelRefused(f"the autoencoder is a {name}", hint=f"Known: {', '.join(_AUTOENCODERS)}.")
    return _load_diffusers(_AUTOENCODERS[name], source, configs, "vae", dtype)


def load_text_encoder(source: Source, configs: Path, dtype: torch.dtype) -> Any:
    """Load the CLIP text encoder."""
    if isinstance(source, SingleFile):
        return create_diffusers_clip_model_from_ldm(
            CLIPTextModel,
            checkpoint=read_tensors(source, TEXT_PREFIX),
            subfolder="text_encoder",
            config=str(configs),
            local_files_only=True,
        )
    return _whole(
        CLIPTextModel.from_pretrained(
            source.path / "text_encoder",
            variant=source.weights_variant("text_encoder"),
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    )


def load_tokenizer(source: Source, configs: Path) -> Any:
    """Load the tokenizer of a folder, or make CLIP's own for a single file."""
    if isinstance(source, SingleFile):
        settings = json.loads((configs / "tokenizer" / "tokenizer_config.json").read_text())
        return clip_tokenizer(settings["pad_token"])
    return AutoTokenizer.from_pretrained(source.path / "tokenizer", local_files_only=True, trust_remote_code=False)


def load_scheduler_config(source: Source, configs: Path) -> Mapping[str, Any]:
    """Read the noise schedule of training."""
    folder = ModelFolder(configs, {}) if isinstance(source, SingleFile) else source
    return folder.config("scheduler")


def _load_diffusers(kind: Any, source: Source, configs: Path, part: str, dtype: torch.dtype) -> Any:
    if isinstance(source, SingleFile):
        return kind.from_single_file(
            read_tensors(source, _PREFIXES[part]),
            config=str(configs),
            subfolder=part,
            local_files_only=True,
        )
    return _whole(
        kind.from_pretrained(
            source.path,
            subfolder=part,
            variant=source.weights_variant(part),
            torch_dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    )


def _whole(loaded: tuple[Any, Any]) -> Any:
    """Return a module that lacks nothing: the libraries would fill gaps with random numbers."""
    module, info = loaded
    missing = sorted(info["missing_keys"])
    if missing:
        raise ModelRefused(f"{len(missing)} weights are missing, such as {missing[0]}")
    return module
