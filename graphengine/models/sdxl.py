"""Stable Diffusion XL (Podell et al. 2023), base and refiner, known by names, shapes and configurations."""

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

FAMILY: Final = "sdxl"

TEXT_PREFIX: Final = "conditioner."
"""How the names of the text encoders' tensors begin in single files."""

VELOCITY: Final = "v_pred"
"""A tensor of this name in a single file says that the denoiser predicts the velocity."""

ZERO_SNR: Final = "ztsnr"
"""A tensor of this name says that the noise of training ended with no signal left (Lin et al. 2024)."""

_TITLES: Final = {"base": "Stable Diffusion XL", "refiner": "Stable Diffusion XL refiner"}
_FIRST: Final = f"{UNET_PREFIX}input_blocks.0.0.weight"
_LABELS: Final = f"{UNET_PREFIX}label_emb.0.0.weight"
_REFINER_WIDTH: Final = 2560  # of what the released refiner is told beside the text; the base has 2816
_REFINER_TEXT: Final = f"{TEXT_PREFIX}embedders.0.model."  # the base has the other encoder in this place
_EDM: Final = "edm_mean"  # a denoiser of another kind in the same layout


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    The refiner is told from the base by its one text encoder, or by the width of what it is told beside the text.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)


def _detect_file(source: SingleFile) -> Built | None:
    labels = source.shape(_LABELS)
    if not labels or source.shape(_FIRST) is None or source.shape(_EDM) is not None:
        return None
    refiner = labels[-1] == _REFINER_WIDTH or source.has(_REFINER_TEXT)
    variant = "refiner" if refiner else "base"
    return Built(
        FAMILY,
        variant,
        _TITLES[variant],
        parts_of({"model": True, "vae": source.has(VAE_PREFIX), "text_encoder": source.has(TEXT_PREFIX)}),
        "v_prediction" if source.shape(VELOCITY) is not None else "epsilon",
        CHANNELS,
        stride_of_file(source),
    )


def _detect_folder(source: ModelFolder) -> Built | None:
    if class_of(source.index, "unet") != "UNet2DConditionModel":
        return None
    if class_of(source.index, "text_encoder_2") != "CLIPTextModelWithProjection":
        return None
    vae = source.config("vae")
    if source.config("unet").get("addition_embed_type") != "text_time":
        return None
    variant = "base" if class_of(source.index, "text_encoder") else "refiner"
    channels = vae.get("latent_channels", CHANNELS)
    return Built(FAMILY, variant, _TITLES[variant], WHOLE, prediction_of(source), channels, stride_of(vae))
