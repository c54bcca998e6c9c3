"""Stable Diffusion 1 and 2 (Rombach et al. 2022), known by names, shapes and configurations."""

from typing import Final

from graphengine.models.built import (
    CHANNELS,
    UNET_PREFIX,
    VAE_PREFIX,
    WHOLE,
    Built,
    class_of,
    parts_of,
    prediction_of,
    stride_of,
    stride_of_file,
)
from graphengine.models.source import ModelFolder, SingleFile, Source

FAMILY: Final = "sd"

TEXT_PREFIX: Final = "cond_stage_model."
"""How the names of the text encoder's tensors begin in single files."""

_TITLES: Final = {"sd1": "Stable Diffusion 1", "sd2": "Stable Diffusion 2"}


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    SD 2 is told from SD 1 by the projections of its attention blocks, which are linear instead of convolutions.
    A single file does not say what its denoiser predicts: the velocity is assumed for SD 2 with four channels, as
    released for 768 pixels, and the noise for everything else.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)


def _detect_file(source: SingleFile) -> Built | None:
    shapes = source.header.shapes
    first = source.shape(f"{UNET_PREFIX}input_blocks.0.0.weight")
    projection = next(
        (s for n, s in shapes.items() if n.startswith(UNET_PREFIX) and n.endswith(".proj_in.weight")), None
    )
    other = source.has("conditioner.") or source.has(f"{UNET_PREFIX}label_emb.")  # SDXL has both
    if other or not first or len(first) < 2 or projection is None:
        return None
    second = len(projection) == 2
    variant = "sd2" if second else "sd1"
    return Built(
        FAMILY,
        variant,
        _TITLES[variant],
        parts_of({"model": True, "vae": source.has(VAE_PREFIX), "text_encoder": source.has(TEXT_PREFIX)}),
        "v_prediction" if second and first[1] == CHANNELS else "epsilon",
        CHANNELS,
        stride_of_file(source),
    )


def _detect_folder(source: ModelFolder) -> Built | None:
    if "text_encoder_2" in source.index or class_of(source.index, "unet") != "UNet2DConditionModel":
        return None
    if class_of(source.index, "text_encoder") != "CLIPTextModel":
        return None
    unet, vae = source.config("unet"), source.config("vae")
    if unet.get("addition_embed_type") is not None:
        return None
    variant = "sd2" if unet.get("use_linear_projection") else "sd1"
    channels = vae.get("latent_channels", CHANNELS)
    return Built(FAMILY, variant, _TITLES[variant], WHOLE, prediction_of(source), channels, stride_of(vae))
