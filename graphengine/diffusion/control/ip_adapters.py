"""Loading IP-Adapters (Ye et al. 2023): a file of the adapter, and a folder of the encoder of its pictures."""

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection

from graphengine.diffusion.loaded import ControlNetwork, Loaded
from graphengine.diffusion.types.refs import ControlNetRef, DTypeName, Patch, WeightsRef
from graphengine.diffusion.weights import read_tensors, whole
from graphengine.errors import ModelRefused
from graphengine.files.roots import File
from graphengine.models.source import NETWORK, SingleFile, Source, network_config, open_source

IP_ADAPTER: Final = "ip_adapter"

IMAGE_ENCODER: Final = "image_encoder"
"""The kind of patch that gives an adapter its encoder."""

PROJECTION: Final = "image_proj"
ATTENTION: Final = "ip_adapter"
"""How the names of its weights begin: those that read a picture, and those beside the layers that read the text."""

FIRST_KEY: Final = f"{ATTENTION}.1.to_k_ip.weight"

_ENCODER = "CLIPVisionModelWithProjection"
_FAMILIES: Mapping[int, str] = {768: "sd", 1024: "sd", 2048: "sdxl"}
_WHOLE = f"{PROJECTION}.proj.weight"
"""By this weight an adapter is known that reads a picture as one vector."""

_FIRST = (_WHOLE, f"{PROJECTION}.proj_in.weight", f"{PROJECTION}.proj.0.weight")
"""The weight that reads the vectors of pictures, in adapters of all kinds."""


class PicturePrompt(nn.Module):
    """The weights of an IP-Adapter, and the encoder of its pictures.

    Attributes:
        encoder: of transformers; None before it was put in by a patch.
        reads_parts: whether it reads the states of the parts of a picture, and not one vector for all of it.

    Args:
        tensors: of the adapter, by their names in the file.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        held = {name.replace(".", "/"): nn.Parameter(tensor, requires_grad=False) for name, tensor in tensors.items()}
        self.adapter = nn.ParameterDict(held)
        self.encoder: Any = None
        self.reads_parts = _WHOLE not in tensors

    def weights(self) -> dict[str, dict[str, Tensor]]:
        """Return the weights as diffusers takes them: in two groups, by their names in them."""
        groups: dict[str, dict[str, Tensor]] = {PROJECTION: {}, ATTENTION: {}}
        for name, tensor in self.adapter.items():
            group, _, rest = name.replace("/", ".").partition(".")
            groups[group][rest] = tensor.data
        return groups


class IPAdapters:
    """Loads IP-Adapters (a :class:`~graphengine.diffusion.families.family.Loader`)."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Make the adapter, on the CPU; its encoder is a patch.

        Raises:
            ModelRefused: it is something else.
        """
        del dtype
        if not isinstance(source, SingleFile):
            raise ModelRefused(f"{ref.source.reference!r} is no IP-Adapter")
        return ControlNetwork(PicturePrompt(read_tensors(source, "")))


def apply_encoder(ref: WeightsRef, loaded: Loaded, patch: Patch) -> Loaded:
    """Give an IP-Adapter the encoder of its pictures (a :data:`~graphengine.diffusion.adapters.patcher.Patcher`).

    Raises:
        ModelRefused: the adapter is something else, or the encoder lacks weights.
    """
    adapter = loaded.modules[0]
    if patch.source is None or not isinstance(adapter, PicturePrompt):
        raise ModelRefused(f"{ref.source.reference!r} takes no encoder of pictures")
    dtype = next(iter(adapter.adapter.values())).dtype
    adapter.encoder = whole(
        CLIPVisionModelWithProjection.from_pretrained(
            patch.source.path, local_files_only=True, use_safetensors=True, dtype=dtype, output_loading_info=True
        )
    )
    return loaded


def open_ip_adapter(source: File, encoder: File, dtype: DTypeName = "auto") -> ControlNetRef:
    """Find out what an IP-Adapter is for and return a reference to it; no weights are loaded.

    Raises:
        ModelRefused: it is unsafe, broken or something else, or the encoder is, or is not the one that it was made for.
    """
    opened = open_source(source.path)
    if not isinstance(opened, SingleFile) or opened.path != source.path or opened.shape(FIRST_KEY) is None:
        raise ModelRefused(
            f"{source.reference!r} is no IP-Adapter",
            hint="Choose a .safetensors file as they are released, with weights called image_proj.… and ip_adapter.….",
        )
    if _reads_faces(opened):
        raise ModelRefused(
            f"{source.reference!r} reads embeddings of faces, which are not made here",
            hint="Choose an IP-Adapter that reads pictures, such as ip-adapter-plus-face.",
        )
    _check_encoder(opened, source, encoder)
    width = (opened.shape(FIRST_KEY) or (0, 0))[-1]
    return ControlNetRef(source, IP_ADAPTER, _FAMILIES.get(width, "sd"), dtype, (Patch(IMAGE_ENCODER, encoder),))


def _check_encoder(adapter: SingleFile, source: File, encoder: File) -> None:
    """Refuse what is no encoder of pictures, or one whose vectors the adapter does not take."""
    opened = open_source(encoder.path)
    config = network_config(encoder.path) if (encoder.path / "config.json").is_file() else {}
    is_one = _ENCODER in (config.get("architectures") or ()) or config.get("model_type") == "clip_vision_model"
    if not isinstance(opened, SingleFile) or opened.path != encoder.path / NETWORK or not is_one:
        raise ModelRefused(
            f"{encoder.reference!r} is no folder of a CLIP vision model",
            hint="Choose the folder image_encoder of the release: config.json and model.safetensors.",
        )
    taken = _width(adapter)
    given = config.get("projection_dim") if adapter.shape(_WHOLE) else config.get("hidden_size")
    if taken != given:
        raise ModelRefused(
            f"{source.reference!r} reads pictures as vectors of {taken} numbers, {encoder.reference!r} gives {given}",
            hint="Adapters for Stable Diffusion 1, and those with vit-h in their name, want CLIP ViT-H; the others for "
            "Stable Diffusion XL want ViT-bigG.",
        )


def _reads_faces(adapter: SingleFile) -> bool:
    short = adapter.shape(f"{PROJECTION}.proj.2.weight") and not adapter.shape(f"{PROJECTION}.proj.3.weight")
    return bool(short) or adapter.has(f"{PROJECTION}.perceiver_resampler.")


def _width(adapter: SingleFile) -> int | None:
    for name in _FIRST:
        shape = adapter.shape(name)
        if shape is not None:
            return shape[-1]
    return None
