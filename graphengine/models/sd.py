"""Stable Diffusion 1 and 2 (Rombach et al. 2022), known by names, shapes and configurations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from graphengine.models.parts import Part
from graphengine.models.source import ModelFolder, SingleFile, Source

FAMILY: Final = "sd"

UNET_PREFIX: Final = "model.diffusion_model."
VAE_PREFIX: Final = "first_stage_model."
TEXT_PREFIX: Final = "cond_stage_model."
"""How the names of a part's tensors begin in single files, which have the layout of the first releases (LDM)."""

Prediction = Literal["epsilon", "v_prediction"]
"""What a denoiser predicts: the noise (Ho et al. 2020) or the velocity (Salimans & Ho 2022)."""

_CHANNELS: Final = 4
_STRIDE: Final = 8


@dataclass(frozen=True, slots=True)
class Built:
    """How a model is built.

    Attributes:
        variant: ``sd1`` or ``sd2``.
        parts: what the source holds.
        channels: of its latents, and ``stride`` the pixels of one of their cells along each side.
    """

    variant: Literal["sd1", "sd2"]
    parts: frozenset[Part]
    channels: int
    stride: int
    prediction: Prediction


def detect(source: Source) -> Built | None:
    """Return how a model is built, or None if it is of another family.

    SD 2 is told from SD 1 by the projections of its attention blocks, which are linear instead of convolutions.
    A single file does not say what its denoiser predicts: the velocity is assumed for SD 2 with four channels, as
    released for 768 pixels, and the noise for everything else.

    Raises:
        ModelRefused: a folder lacks a configuration.
    """
    return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)


def stride_of(vae: Mapping[str, Any]) -> int:
    """Return pixels per latent cell: every resolution of an autoencoder but the last halves the sides."""
    levels: Sequence[int] = vae.get("encoder_block_out_channels") or vae.get("block_out_channels") or (1, 1, 1, 1)
    return 1 << (len(levels) - 1)


def _detect_file(source: SingleFile) -> Built | None:
    shapes = source.header.shapes
    first = source.shape(f"{UNET_PREFIX}input_blocks.0.0.weight")
    projection = next(
        (s for n, s in shapes.items() if n.startswith(UNET_PREFIX) and n.endswith(".proj_in.weight")), None
    )
    other = source.has("conditioner.") or source.has(f"{UNET_PREFIX}label_emb.")  # SDXL has both
    if other or not first or len(first) < 2 or projection is None:
        return None
    found: dict[Part, bool] = {
        "model": True,
        "vae": source.has(VAE_PREFIX),
        "text_encoder": source.has(TEXT_PREFIX),
    }
    second = len(projection) == 2
    velocity = second and first[1] == _CHANNELS
    return Built(
        variant="sd2" if second else "sd1",
        parts=frozenset(part for part, there in found.items() if there),
        channels=_CHANNELS,
        stride=_stride_of_file(source),
        prediction="v_prediction" if velocity else "epsilon",
    )


def _detect_folder(source: ModelFolder) -> Built | None:
    if "text_encoder_2" in source.index or _class_of(source.index, "unet") != "UNet2DConditionModel":
        return None
    if _class_of(source.index, "text_encoder") != "CLIPTextModel":
        return None
    unet, vae, scheduler = (source.config(part) for part in ("unet", "vae", "scheduler"))
    if unet.get("addition_embed_type") is not None:
        return None
    return Built(
        variant="sd2" if unet.get("use_linear_projection") else "sd1",
        parts=frozenset(("model", "vae", "text_encoder")),
        channels=vae.get("latent_channels", _CHANNELS),
        stride=stride_of(vae),
        prediction="v_prediction" if scheduler.get("prediction_type") == "v_prediction" else "epsilon",
    )


def _class_of(index: Mapping[str, Any], part: str) -> str | None:
    entry = index.get(part)
    return entry[1] if isinstance(entry, list) and len(entry) == 2 else None


def _stride_of_file(source: SingleFile) -> int:
    levels = {name.split(".")[3] for name in source.header.shapes if name.startswith(f"{VAE_PREFIX}encoder.down.")}
    return 1 << (len(levels) - 1) if levels else _STRIDE
