"""Loading ControlNets (Zhang et al. 2023): folders as diffusers saves them, and single files in both layouts."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ControlNetModel, T2IAdapter
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from torch import Tensor

from graphengine.diffusion.families.family import CONFIGS
from graphengine.diffusion.loaded import ControlNetwork, Loaded
from graphengine.diffusion.types.refs import ControlNetRef, DTypeName, WeightsRef
from graphengine.diffusion.weights import read_notes, read_tensors, whole
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.source import SingleFile, Source, network_config, open_source

CONTROLNET: Final = "controlnet"
T2I_ADAPTER: Final = "t2i_adapter"

CONFIG: Final = "config"
"""Under which name a single file may hold, as JSON, the configuration of its ControlNet."""

_CONTROLNET, _T2I_ADAPTER = "ControlNetModel", "T2IAdapter"  # as diffusers writes into configurations
_LDM = "control_model."
_PICTURE = "controlnet_cond_embedding.conv_in.weight"
_LDM_PICTURE = f"{_LDM}input_hint_block.0.weight"
_KEYS = ("attn2.to_k.weight",)
_FAMILIES: Mapping[int, str] = {768: "sd", 1024: "sd", 2048: "sdxl"}


@dataclass(frozen=True, slots=True)
class ControlNets:
    """Loads ControlNets (a :class:`~graphengine.diffusion.families.family.Loader`).

    Attributes:
        configs: a folder with one folder of configurations per variant of denoisers, for single files: a ControlNet is
            built like the first half of the denoiser that reads texts of the same width.
    """

    configs: Path = CONFIGS

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Make the network that ``ref`` describes, on the CPU.

        Raises:
            ModelRefused: it is a whole model.
            ValueError: weights are missing, or are of something else.
        """
        if not isinstance(source, SingleFile):
            raise ModelRefused(f"{ref.source.reference!r} is a whole model and no ControlNet")
        in_folder = ref.source.path.is_dir()
        return ControlNetwork(
            _of_folder(ControlNetModel, source.path, dtype) if in_folder else _of_file(source, self.configs)
        )


class T2IAdapters:
    """Loads T2I-Adapters (Mou et al. 2024; a :class:`~graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Make the network that ``ref`` describes, on the CPU.

        Raises:
            ValueError: weights are missing.
        """
        del ref  # there is one kind
        return ControlNetwork(_of_folder(T2IAdapter, source.path, dtype))


def open_control(source: File, dtype: DTypeName = "auto") -> ControlNetRef:
    """Find out what a ControlNet is for and return a reference to it; no weights are loaded.

    Its variant is the family of denoisers that it is for.

    Raises:
        ModelRefused: it is unsafe, broken or something else.
    """
    opened = open_source(source.path)
    config = network_config(source.path) if (source.path / "config.json").is_file() else {}
    kind = config.get("_class_name") if source.path.is_dir() else _CONTROLNET  # a single file says it by its weights
    if kind == _T2I_ADAPTER:
        large = config.get("adapter_type") == "full_adapter_xl"
        return ControlNetRef(source, T2I_ADAPTER, "sdxl" if large else "sd", dtype)
    if config.get("global_pool_conditions"):
        raise ModelRefused(
            f"{source.reference!r} averages what it tells (global_pool_conditions), which is not supported",
            hint="Choose a ControlNet that tells for each place of a picture.",
        )
    width = None
    if isinstance(opened, SingleFile) and kind == _CONTROLNET and _reads_pictures(opened):
        width = _text_width(opened)
    if not width:
        raise ModelRefused(
            f"{source.reference!r} is no ControlNet that is known here",
            hint="Known: those for Stable Diffusion 1, 2 and XL, as diffusers or the first releases save them; and "
            "folders of T2I-Adapters, as diffusers saves them.",
        )
    return ControlNetRef(source, CONTROLNET, _FAMILIES.get(width, "sd"), dtype)


def _reads_pictures(source: SingleFile) -> bool:
    return source.shape(_PICTURE) is not None or source.shape(_LDM_PICTURE) is not None


def _of_folder(kind: Any, weights: Path, dtype: torch.dtype) -> Any:
    return whole(
        kind.from_pretrained(
            weights.parent,
            variant="fp16" if ".fp16." in weights.name else None,
            torch_dtype=dtype,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        ),
        alone=True,
    )


def _of_file(source: SingleFile, configs: Path) -> Any:
    tensors = read_tensors(source, "")
    config = _own_config(source) or _config(_text_width(source), configs)
    taken = inspect.signature(ControlNetModel.__init__).parameters
    network = ControlNetModel(**{name: value for name, value in config.items() if name in taken})
    if source.has(_LDM):
        tensors = convert_controlnet_checkpoint(tensors, dict(network.config))
    _fill(network, tensors)
    return network


def _fill(network: Any, tensors: Mapping[str, Tensor]) -> None:
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise ModelRefused(f"the weights do not fit a ControlNet: {str(error)[:300]}") from error


def _text_width(source: SingleFile) -> int | None:
    """Return the width of the texts that a network reads, by its first cross-attention."""
    shapes = source.header.shapes
    return next((shape[-1] for name, shape in sorted(shapes.items()) if name.endswith(_KEYS)), None)


def _own_config(source: SingleFile) -> Mapping[str, Any]:
    """Return the configuration that lies beside the weights, as trainings here leave it; empty if there is none."""
    try:
        config = json.loads(read_notes(source).get(CONFIG, "{}"))
    except ValueError as error:
        raise ModelRefused(f"the configuration in {source.path.name} is not JSON: {error}", fault="broken") from error
    if not isinstance(config, dict):
        raise ModelRefused(f"the configuration in {source.path.name} is no JSON object", fault="broken")
    return config


def _config(width: int | None, configs: Path) -> Mapping[str, Any]:
    for path in sorted(configs.glob("*/unet/config.json")):
        config: Mapping[str, Any] = json.loads(path.read_text())
        if config["cross_attention_dim"] == width:
            return config
    raise ModelRefused(f"no known denoiser reads texts of width {width}, as this ControlNet does")
