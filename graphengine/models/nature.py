"""What a model is, as far as headers and configurations tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from graphengine.models.architectures import built
from graphengine.models.built import Built
from graphengine.models.scaled import is_scaled
from graphengine.models.signatures import Signature, signature_of
from graphengine.models.source import ModelFolder, SingleFile, Source

Role = Literal[
    "model",
    "denoiser",
    "vae",
    "text_encoder",
    "image_encoder",
    "lora",
    "controlnet",
    "adapter",
    "embedding",
    "upscaler",
    "depth",
    "interpolator",
    "unknown",
]
"""What a file is for; a ``model`` is whole, with all that makes a picture of a text."""


@dataclass(frozen=True, slots=True)
class Nature:
    """What a model is.

    Attributes:
        family: the architecture, in short; of what changes a model, that of the model. Empty where that is not known.
        variant: which of the family's members, or empty.
        title: both, for people.
        loads: whether this program can load it as a model.
    """

    role: Role = "unknown"
    family: str = ""
    variant: str = ""
    title: str = ""
    loads: bool = False


_PIPELINES: Final[Mapping[str, tuple[str, str]]] = {
    "StableDiffusionXL": ("sdxl", "Stable Diffusion XL"),
    "StableDiffusion3": ("sd3", "Stable Diffusion 3"),
    "StableDiffusion": ("sd", "Stable Diffusion"),
    "StableVideoDiffusion": ("svd", "Stable Video Diffusion"),
    "AnimateDiff": ("sd", "AnimateDiff"),
    "Flux2": ("flux2", "Flux.2"),
    "Flux": ("flux", "Flux.1"),
    "QwenImage": ("qwen_image", "Qwen-Image"),
    "ZImage": ("z_image", "Z-Image"),
    "Wan": ("wan", "Wan"),
    "LTX": ("ltx", "LTX-Video"),
    "HunyuanVideo": ("hunyuan_video", "HunyuanVideo"),
    "PixArt": ("pixart", "PixArt"),
    "AuraFlow": ("auraflow", "AuraFlow"),
    "Lumina": ("lumina", "Lumina"),
    "Kandinsky": ("kandinsky", "Kandinsky"),
    "LatentConsistencyModel": ("sd", "Latent consistency model"),
}
"""Families and titles by how the names of pipelines begin in diffusers; the longer name stands first."""


def nature_of(source: Source) -> Nature:
    """Return what a source is; an architecture that is not known is no fault.

    Raises:
        ModelRefused: it lacks a configuration that its kind must have.
    """
    found = built(source)
    if found is not None:
        loads = "model" in found.parts and not is_scaled(source)
        return Nature(_role_of(found), found.family, found.variant, found.title, loads=loads)
    return _of_folder(source) if isinstance(source, ModelFolder) else _of_file(source)


def _role_of(found: Built) -> Role:
    if len(found.parts) > 1:
        return "model"
    return "vae" if "vae" in found.parts else "denoiser"


def _of_folder(folder: ModelFolder) -> Nature:
    pipeline = str(folder.index.get("_class_name", ""))
    for beginning, (family, title) in _PIPELINES.items():
        if pipeline.startswith(beginning):
            return Nature("model", family, "", title)
    return Nature("model", "", "", pipeline)


def _of_file(file: SingleFile) -> Nature:
    found: Signature | None = signature_of(file.header.shapes)
    if found is None:
        return Nature()
    whole = found.role == "denoiser" and (file.has("first_stage_model.") or file.has("vae."))
    return Nature("model" if whole else found.role, found.family, found.variant, found.title)
