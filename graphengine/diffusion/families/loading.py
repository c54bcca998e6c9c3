"""Reading the parts of models from both layouts, without a network.

A folder is what diffusers saves. A single file has the layout in which the authors released a model and carries no
configuration: that lies beside this module, one folder per variant.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm
from transformers import AutoTokenizer

from graphengine.diffusion.families.clip_vocabulary import clip_tokenizer
from graphengine.diffusion.loaded import Autoencoder
from graphengine.diffusion.preview import LinearPreview, Preview
from graphengine.diffusion.weights import read_tensors, whole
from graphengine.errors import ModelRefused
from graphengine.models.built import VAE_PREFIX, stride_of
from graphengine.models.source import ModelFolder, SingleFile, Source

_AUTOENCODERS = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}


def load_network(
    kind: Any,
    source: Source,
    configs: Path,
    part: str,
    prefix: str,
    dtype: torch.dtype,
    *,
    renamed: Mapping[str, str] = MappingProxyType({}),
    **changes: Any,
) -> Any:
    """Load a network of a class of diffusers.

    Args:
        kind: the class.
        configs: the folder that describes a single file.
        part: the folder of the part.
        prefix: how the names of its tensors begin in a single file.
        renamed: names in single files that diffusers does not know, and those that it has for them.
        changes: what of the configuration of a single file is otherwise.
    """
    if isinstance(source, SingleFile):
        return kind.from_single_file(
            {renamed.get(name, name): tensor for name, tensor in read_tensors(source, prefix).items()},
            config=str(configs),
            subfolder=part,
            local_files_only=True,
            **changes,
        )
    return whole(
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


def load_autoencoder(
    source: Source, configs: Path, dtype: torch.dtype, *, patch: int = 1, prefix: str = VAE_PREFIX
) -> Autoencoder:
    """Load the autoencoder: the full one, or the tiny one that a folder may name.

    Args:
        prefix: how the names of its tensors begin in a single file.
        patch: see :class:`~graphengine.diffusion.types.latent.LatentSpec`.
    """
    name = "AutoencoderKL" if isinstance(source, SingleFile) else source.config("vae").get("_class_name", "")
    if name not in _AUTOENCODERS:
        raise ModelRefused(f"the autoencoder is a {name}", hint=f"Known: {', '.join(_AUTOENCODERS)}.")
    module = load_network(_AUTOENCODERS[name], source, configs, "vae", prefix, dtype)
    config = module.config
    shift = getattr(config, "shift_factor", None) or 0.0
    return Autoencoder(module, stride_of(config), config.scaling_factor, shift, patch)


def load_clip(
    kind: Any, source: Source, configs: Path, prefix: str, dtype: torch.dtype, part: str = "text_encoder"
) -> Any:
    """Load a CLIP text encoder; the arguments are those of :func:`load_network`."""
    if isinstance(source, SingleFile):
        return create_diffusers_clip_model_from_ldm(
            kind,
            checkpoint=read_tensors(source, prefix),
            subfolder=part,
            config=str(configs),
            local_files_only=True,
        )
    return load_transformers(kind, source, part, dtype)


def load_transformers(kind: Any, source: ModelFolder, part: str, dtype: torch.dtype) -> Any:
    """Load a part of a folder, of a class of transformers."""
    return whole(
        kind.from_pretrained(
            source.path / part,
            variant=source.weights_variant(part),
            dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    )


def load_tokenizer(source: Source, configs: Path, part: str = "tokenizer") -> Any:
    """Load the tokenizer of a folder, or make CLIP's own for a single file."""
    if isinstance(source, SingleFile):
        settings = json.loads((configs / part / "tokenizer_config.json").read_text())
        return clip_tokenizer(settings["pad_token"])
    return AutoTokenizer.from_pretrained(source.path / part, local_files_only=True, trust_remote_code=False)


def load_scheduler_config(source: Source, configs: Path) -> Mapping[str, Any]:
    """Read the noise schedule of training."""
    return config_of(source, configs, "scheduler")


def config_of(source: Source, configs: Path, part: str) -> Mapping[str, Any]:
    """Read the configuration of a part."""
    folder = ModelFolder(configs, {}) if isinstance(source, SingleFile) else source
    return folder.config(part)


def index_of(source: Source, configs: Path) -> Mapping[str, Any]:
    """Read the index of a model, which says what its parts are, and how they belong together."""
    if isinstance(source, ModelFolder):
        return source.index
    content: Mapping[str, Any] = json.loads((configs / "model_index.json").read_text())
    return content


def preview_of(source: Source, usual: Preview) -> Preview:
    """Return the preview that a folder brings, or the ``usual`` one."""
    path = source.path / "preview.json"
    if isinstance(source, ModelFolder) and path.is_file():
        return LinearPreview.from_json(json.loads(path.read_text()))
    return usual
