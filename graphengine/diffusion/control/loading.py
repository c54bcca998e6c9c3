"""Loading ControlNets (Zhang et al. 2023): folders as diffusers saves them, and single files in both layouts."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from torch import Tensor

from graphengine.diffusion.loaded import ControlNetwork, Loaded
from graphengine.diffusion.types.refs import ControlNetRef, DTypeName, WeightsRef
from graphengine.diffusion.weights import read_tensors
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.source import ModelFolder, SingleFile, Source, open_part

_CONFIGS = Path(str(files("graphengine.diffusion.families") / "configs"))
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

    configs: Path = _CONFIGS

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Make the network that ``ref`` describes, on the CPU.

        Raises:
            ModelRefused: weights are missing, or are of something else.
        """
        del ref  # there is one kind
        return ControlNetwork(_of_file(source, self.configs) if isinstance(source, SingleFile) else _of(source, dtype))


CONTROLS = ControlNets()


def open_control(source: File, dtype: DTypeName = "auto") -> ControlNetRef:
    """Find out what a ControlNet is for and return a reference to it; no weights are loaded.

    Raises:
        ModelRefused: it is unsafe, broken or something else.
    """
    opened = open_part(source.path)
    if isinstance(opened, SingleFile):
        width = _text_width(opened) if opened.shape(_PICTURE) or opened.shape(_LDM_PICTURE) else None
    else:
        config = opened.config("")
        width = config.get("cross_attention_dim") if config.get("_class_name") == "ControlNetModel" else None
    if not isinstance(width, int):
        raise ModelRefused(
            f"{source.reference!r} is no ControlNet that is known here",
            hint="Known: those for Stable Diffusion 1, 2 and XL, as diffusers or the first releases save them.",
        )
    return ControlNetRef(source, _FAMILIES.get(width, "sd"), "controlnet", dtype)


def _of(source: ModelFolder, dtype: torch.dtype) -> Any:
    network, info = ControlNetModel.from_pretrained(
        source.path,
        variant=source.weights_variant(""),
        torch_dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    missing = sorted(info["missing_keys"])
    if missing:
        raise ModelRefused(f"{len(missing)} weights are missing, such as {missing[0]}")
    return network


def _of_file(source: SingleFile, configs: Path) -> Any:
    tensors = read_tensors(source, "")
    config = _config(_text_width(source), configs)
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


def _config(width: int | None, configs: Path) -> Mapping[str, Any]:
    for path in sorted(configs.glob("*/unet/config.json")):
        config: Mapping[str, Any] = json.loads(path.read_text())
        if config["cross_attention_dim"] == width:
            return config
    raise ModelRefused(f"no known denoiser reads texts of width {width}, as this ControlNet does")
