"""Stable Diffusion 3 and 3.5 (Esser et al. 2024), known by names, shapes and configurations."""

from typing import Final

from graphengine.models.built import (
    UNET_PREFIX,
    VAE_PREFIX,
    WHOLE,
    Built,
    class_of,
    parts_of,
    stride_of,
    stride_of_file,
)
from graphengine.models.source import ModelFolder, SingleFile, Source

FAMILY: Final = "sd3"

TEXT_PREFIX: Final = "text_encoders."
"""How the names of the text encoders' tensors begin in single files."""

_TITLES: Final = {
    "medium": "Stable Diffusion 3 medium",
    "medium35": "Stable Diffusion 3.5 medium",
    "large35": "Stable Diffusion 3.5 large",
}
_CHANNELS: Final = 16
_PATCH: Final = 2
_BLOCK: Final = "joint_blocks.0.context_block."
_NORMS: Final = "joint_blocks.0.x_block.attn.ln_q."  # since 3.5 queries are normalised
_SECOND: Final = "joint_blocks.0.x_block.attn2."  # a second attention, which medium alone has
_CLIP: Final = (f"{TEXT_PREFIX}clip_l.", f"{TEXT_PREFIX}clip_g.")


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    The text encoders of a single file are the two of CLIP; T5 has a vocabulary that no single file holds, and is left
    out, which the model was trained for.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)


def prefix_of(source: SingleFile) -> str:
    """Return how the names of the denoiser's tensors begin."""
    return UNET_PREFIX if source.has(f"{UNET_PREFIX}{_BLOCK}") else ""


def _detect_file(source: SingleFile) -> Built | None:
    prefix = prefix_of(source)
    if not source.has(f"{prefix}{_BLOCK}"):
        return None
    variant = (
        "medium35" if source.has(f"{prefix}{_SECOND}") else "large35" if source.has(f"{prefix}{_NORMS}") else "medium"
    )
    text = all(source.has(each) for each in _CLIP)
    return Built(
        FAMILY,
        variant,
        _TITLES[variant],
        parts_of({"model": True, "vae": source.has(VAE_PREFIX), "text_encoder": text}),
        "flow",
        _CHANNELS,
        stride_of_file(source),
        _PATCH,
    )


def _detect_folder(source: ModelFolder) -> Built | None:
    if class_of(source.index, "transformer") != "SD3Transformer2DModel":
        return None
    transformer, vae = source.config("transformer"), source.config("vae")
    if transformer.get("dual_attention_layers"):
        variant = "medium35"
    else:
        variant = "large35" if transformer.get("qk_norm") else "medium"
    channels = vae.get("latent_channels", _CHANNELS)
    patch = transformer.get("patch_size", _PATCH)
    return Built(FAMILY, variant, _TITLES[variant], WHOLE, "flow", channels, stride_of(vae), patch)
