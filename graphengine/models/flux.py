"""Flux.1 (Black Forest Labs 2024), dev and schnell, known by names, shapes and configurations."""

from typing import Final

from graphengine.models.built import UNET_PREFIX, WHOLE, Built, class_of, parts_of, stride_of, stride_of_file
from graphengine.models.source import ModelFolder, SingleFile, Source

FAMILY: Final = "flux"

VAE_PREFIX: Final = "vae."
"""How the names of the autoencoder's tensors begin in single files that hold more than the denoiser."""

_TITLES: Final = {"dev": "Flux.1 dev", "schnell": "Flux.1 schnell"}
_CHANNELS: Final = 16
_PATCH: Final = 2
_BLOCK: Final = "double_blocks.0.img_attn."
_GUIDANCE: Final = "guidance_in."
_OTHERS: Final = ("double_stream_modulation_img.", "txt_in.individual_token_refiner.", "distilled_guidance_layer.")


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    Dev, which was distilled with guidance, takes the scale as an input; schnell does not. Models of the same layout
    that see a picture beside the latent are not of this family. A single file may hold encoders of texts, but never the
    vocabulary of T5, so they count as missing.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)


def prefix_of(source: SingleFile) -> str:
    """Return how the names of the denoiser's tensors begin."""
    return UNET_PREFIX if source.has(f"{UNET_PREFIX}{_BLOCK}") else ""


def _detect_file(source: SingleFile) -> Built | None:
    prefix = prefix_of(source)
    first = source.shape(f"{prefix}img_in.weight")
    if not source.has(f"{prefix}{_BLOCK}") or first is None or any(source.has(f"{prefix}{each}") for each in _OTHERS):
        return None
    if first[-1] != _CHANNELS * _PATCH**2:
        return None
    variant = "dev" if source.has(f"{prefix}{_GUIDANCE}") else "schnell"
    return Built(
        FAMILY,
        variant,
        _TITLES[variant],
        parts_of({"model": True, "vae": source.has(VAE_PREFIX)}),
        "flow",
        _CHANNELS,
        stride_of_file(source, VAE_PREFIX),
        _PATCH,
    )


def _detect_folder(source: ModelFolder) -> Built | None:
    if class_of(source.index, "transformer") != "FluxTransformer2DModel":
        return None
    transformer, vae = source.config("transformer"), source.config("vae")
    channels = vae.get("latent_channels", _CHANNELS)
    if transformer.get("in_channels") != channels * _PATCH**2:
        return None
    variant = "dev" if transformer.get("guidance_embeds") else "schnell"
    return Built(FAMILY, variant, _TITLES[variant], WHOLE, "flow", channels, stride_of(vae), _PATCH)
