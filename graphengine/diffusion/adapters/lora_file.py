"""Reading LoRA files: the common key formats, made one by the converters of diffusers.

Low-rank adaptation (Hu et al. 2022) adds to a layer W the product B · A of two thin matrices, times alpha / rank. Files
name the layers as kohya's scripts do (``lora_unet_…``, ``lora_te_…``), as diffusers does (``unet.…``) or as peft does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from diffusers.loaders import (
    FluxLoraLoaderMixin,
    SD3LoraLoaderMixin,
    StableDiffusionLoraLoaderMixin,
    StableDiffusionXLLoraLoaderMixin,
    WanLoraLoaderMixin,
)
from diffusers.utils import convert_state_dict_to_peft, convert_unet_state_dict_to_peft
from diffusers.utils.state_dict_utils import StateDictType
from safetensors.torch import load_file
from torch import Tensor, nn

from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.header import read_header
from graphengine.models.source import read_json

LORA_FAMILIES: Mapping[str, Any] = MappingProxyType(
    {
        "sd": StableDiffusionLoraLoaderMixin,
        "sdxl": StableDiffusionXLLoraLoaderMixin,
        "sd3": SD3LoraLoaderMixin,
        "flux": FluxLoraLoaderMixin,
        "wan": WanLoraLoaderMixin,
    }
)
"""Which loader of diffusers knows the names of a family's layers."""

TEXT_ENCODERS = ("text_encoder", "text_encoder_2", "text_encoder_3")
"""What the names of the layers of text encoders begin with, in their order."""

_PEFT = "base_model.model."
_WEIGHTS, _CONFIG = "adapter_model.safetensors", "adapter_config.json"


@dataclass(frozen=True)
class Lora:
    """The content of a LoRA file.

    Attributes:
        name: of the file, for messages.
        denoiser: what the names of the denoiser's layers begin with.
        tensors: by names as diffusers has them.
        alphas: by the names of layers; None if the file has none.
        settings: the settings of peft, by part, if the file brings them.
    """

    name: str
    denoiser: str
    tensors: Mapping[str, Tensor]
    alphas: Mapping[str, float] | None
    settings: Mapping[str, Any] | None

    @property
    def parts(self) -> tuple[str, ...]:
        """What names may begin with."""
        return (self.denoiser, *TEXT_ENCODERS)

    def of(self, part: str, module: nn.Module) -> dict[str, Tensor]:
        """Return the tensors for one module, by names as peft has them within it."""
        start = f"{part}."
        own = {name.removeprefix(start): each for name, each in self.tensors.items() if name.startswith(start)}
        if not own or any(".lokr_" in name for name in own):
            return own
        if not any(".lora_A" in name for name in own):
            own = convert_unet_state_dict_to_peft(own) if part == self.denoiser else _of_text_encoder(own)
        if part == self.denoiser:
            return own
        if hasattr(module, "text_model"):
            return own
        return {name.removeprefix("text_model."): each for name, each in own.items()}

    def settings_of(self, part: str) -> dict[str, Any] | None:
        """Return the settings of peft for one module, if the file brings any."""
        found = {name.removeprefix(f"{part}."): each for name, each in (self.settings or {}).items()}
        return {name: each for name, each in found.items() if "." not in name} or None

    def astray(self, modules: Mapping[str, nn.Module]) -> list[str]:
        """Return the names of tensors that have no place in a model.

        Args:
            modules: those that the LoRA may change, by what their names begin with; what is for other parts is not
                looked at.
        """
        known = tuple(f"{part}." for part in self.parts)
        lost = [name for name in self.tensors if not name.startswith(known)]
        for part, module in modules.items():
            layers = dict(module.named_modules())
            lost += [f"{part}.{name}" for name, each in self.of(part, module).items() if not _fits(name, each, layers)]
        return lost


def read_lora(source: File, family: str, config: Any = None) -> Lora:
    """Read a LoRA: a safetensors file, or a folder as peft saves it.

    Args:
        source: the file or folder.
        family: the family of the model that it shall change.
        config: the configuration of the denoiser, if it is at hand: some files count its blocks in another way.

    Raises:
        ModelRefused: it is no safetensors file, or no LoRA in a known format for the family.
    """
    loader = LORA_FAMILIES.get(family)
    if loader is None:
        raise ModelRefused(
            f"LoRAs for models of the family {family!r} are not known", hint=f"Known: {', '.join(LORA_FAMILIES)}."
        )
    part = getattr(loader, "unet_name", None) or loader.transformer_name
    path = source.path / _WEIGHTS if source.path.is_dir() else source.path
    if not path.is_file():
        raise ModelRefused(f"the folder {source.reference!r} holds no {_WEIGHTS}", hint="Choose a LoRA file.")
    names = read_header(path).shapes
    if not names:
        raise ModelRefused(f"{source.reference!r} holds no weights", hint="Choose a LoRA file.")
    if any(name.endswith("dora_scale") for name in names):
        raise ModelRefused(f"{source.reference!r} is a DoRA, whose scales cannot be applied", hint="Choose a LoRA.")
    if all(name.startswith(_PEFT) for name in names):
        return Lora(source.reference, part, *_of_peft(source, path, part))
    options = {} if config is None or part != "unet" else {"unet_config": config}
    try:
        found = loader.lora_state_dict(
            str(path), use_safetensors=True, local_files_only=True, return_lora_metadata=True, **options
        )
    except ModelRefused:
        raise
    except Exception as error:  # the converters raise anything on names that they do not expect
        message = " ".join(str(error).split())[:300]
        raise ModelRefused(
            f"{source.reference!r} is no LoRA in a known format: {message}",
            hint="Known are the formats of kohya, of diffusers and of peft, for models of this family.",
        ) from error
    tensors, *rest = found
    alphas = rest[0] if len(rest) == 2 else None
    return Lora(source.reference, part, tensors, alphas or None, rest[-1])


def _of_text_encoder(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    old = any("_lora." in name for name in tensors)  # diffusers itself looks for only one of such names
    converted: dict[str, Tensor] = convert_state_dict_to_peft(
        tensors, StateDictType.DIFFUSERS_OLD if old else StateDictType.DIFFUSERS
    )
    return converted


def _of_peft(source: File, path: Path, part: str) -> tuple[dict[str, Tensor], None, dict[str, Any]]:
    """Read a LoRA for the denoiser as peft saves it; its scale is in the configuration beside it."""
    beside = path.with_name(_CONFIG)
    if not source.path.is_dir() or not beside.is_file():
        raise ModelRefused(
            f"{source.reference!r} does not say how strong it is: that is in {_CONFIG} beside it",
            hint="Choose the folder that holds both.",
        )
    settings = read_json(beside)
    wanted = ("r", "lora_alpha", "target_modules", "rank_pattern", "alpha_pattern", "use_dora", "use_rslora")
    kept = {f"{part}.{name}": settings[name] for name in wanted if settings.get(name) is not None}
    return {f"{part}.{name.removeprefix(_PEFT)}": each for name, each in load_file(path).items()}, None, kept


def _fits(name: str, tensor: Tensor, layers: Mapping[str, nn.Module]) -> bool:
    """Whether a tensor of a LoRA has a layer, and a side as long as that layer's."""
    layer, _, factor = name.replace(".lokr_", ".lora_lokr_").partition(".lora_")
    weight = getattr(layers.get(layer), "weight", None)
    if not isinstance(weight, Tensor) or not factor:
        return False
    if factor.startswith("A.") and tensor.ndim > 1:
        return tensor.shape[1] == weight.shape[1]
    return not factor.startswith("B.") or tensor.shape[0] == weight.shape[0]
