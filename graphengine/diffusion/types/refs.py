"""References to models: recipes that say how to make a module, never the module.

A reference is small, immutable and compared by content, so that it can flow on links, be cached and be
fingerprinted; the weights live in the pool alone.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from graphengine.diffusion.types.latent import LatentSpec
from graphengine.files.roots import File
from graphengine.models.parts import Part
from graphengine.models.prediction import Prediction

DTypeName = Literal["auto", "float32", "float16", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Patch:
    """A change that is made to a module after it was loaded.

    Attributes:
        kind: which function makes it, among those the pool was given.
        source: the weights it brings, if any.
        strength: how much of it; 1 is all, 0 nothing.
    """

    kind: str
    source: File | None = None
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class WeightsRef:
    """What all references share.

    Attributes:
        source: the folder or file that holds the weights.
        family: the architecture, a name in the families table.
        variant: which of the family's members.
        dtype: the number format of the weights; ``auto`` is what suits the device.
        patches: applied in this order.
    """

    part: ClassVar[Part]

    source: File
    family: str
    variant: str
    dtype: DTypeName = "auto"
    patches: tuple[Patch, ...] = ()

    def patched(self, patch: Patch) -> Self:
        """Return a reference with one more patch; one of strength 0 is none."""
        return replace(self, patches=(*self.patches, patch)) if patch.strength else self


@dataclass(frozen=True, slots=True)
class ModelRef(WeightsRef):
    """A denoiser.

    Attributes:
        latent: the form of its latents.
        prediction: what it predicts, see :data:`graphengine.models.prediction.Prediction`.
    """

    part: ClassVar[Part] = "model"

    latent: LatentSpec = LatentSpec()  # noqa: RUF009 — frozen
    prediction: Prediction = "epsilon"


@dataclass(frozen=True, slots=True)
class TextEncoderRef(WeightsRef):
    """The text encoders of a model with their tokenizers.

    Attributes:
        clip_skip: how many of the last layers are left out, from 0.
    """

    part: ClassVar[Part] = "text_encoder"

    clip_skip: int = 0


@dataclass(frozen=True, slots=True)
class VaeRef(WeightsRef):
    """The autoencoder between pictures and latents."""

    part: ClassVar[Part] = "vae"


@dataclass(frozen=True, slots=True)
class UpscalerRef(WeightsRef):
    """A network from pictures to pictures: an upscaler, or one that restores and keeps the size."""

    part: ClassVar[Part] = "upscaler"


@dataclass(frozen=True, slots=True)
class DepthModelRef(WeightsRef):
    """A network that tells how far away what a picture shows is."""

    part: ClassVar[Part] = "depth"
