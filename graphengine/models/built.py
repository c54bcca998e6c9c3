"""How a model is built, and what detectors of architectures share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphengine.models.parts import Part
from graphengine.models.prediction import Prediction
from graphengine.models.source import ModelFolder, SingleFile

UNET_PREFIX: Final = "model.diffusion_model."
VAE_PREFIX: Final = "first_stage_model."
"""How the names of a part's tensors begin in single files, which have the layout of the first releases (LDM)."""

CHANNELS: Final = 4
STRIDE: Final = 8

WHOLE: Final[frozenset[Part]] = frozenset(("model", "vae", "text_encoder"))


@dataclass(frozen=True, slots=True)
class Built:
    """How a model is built.

    Attributes:
        family: the architecture, in short.
        variant: which of its members.
        title: both, for people.
        parts: what the source holds.
        prediction: what the denoiser predicts.
        channels: of its latents.
        stride: the pixels of a cell of its latents along each side.
        patch: the cells along each side that the denoiser takes as one.
        time: the frames of a video that a cell of its latents stands for; 0 for models of pictures.
        experts: the variants of denoisers that share the steps, the first for much noise, where none is for all.
    """

    family: str
    variant: str
    title: str
    parts: frozenset[Part]
    prediction: Prediction = "epsilon"
    channels: int = CHANNELS
    stride: int = STRIDE
    patch: int = 1
    time: int = 0
    experts: tuple[str, ...] = ()


def class_of(index: Mapping[str, Any], part: str) -> str | None:
    """Return the class of a part of a folder; None if it has no such part."""
    entry = index.get(part)
    return entry[1] if isinstance(entry, list) and len(entry) == 2 else None


def stride_of(vae: Mapping[str, Any]) -> int:
    """Return pixels per latent cell: every resolution of an autoencoder but the last halves the sides."""
    levels: Sequence[int] = vae.get("encoder_block_out_channels") or vae.get("block_out_channels") or (1, 1, 1, 1)
    return 1 << (len(levels) - 1)


def stride_of_file(source: SingleFile, prefix: str = VAE_PREFIX) -> int:
    """Return the same of an autoencoder in a single file, the usual one if there is none."""
    start = f"{prefix}encoder.down."
    levels = {name[len(start) :].split(".")[0] for name in source.header.shapes if name.startswith(start)}
    return 1 << (len(levels) - 1) if levels else STRIDE


def prediction_of(folder: ModelFolder) -> Prediction:
    """Return what the denoiser of a folder predicts, the noise or the velocity of diffusion.

    Raises:
        ModelRefused: the folder lacks the configuration.
    """
    return "v_prediction" if folder.config("scheduler").get("prediction_type") == "v_prediction" else "epsilon"


def parts_of(found: Mapping[Part, bool]) -> frozenset[Part]:
    """Return the parts that were found."""
    return frozenset(part for part, there in found.items() if there)
