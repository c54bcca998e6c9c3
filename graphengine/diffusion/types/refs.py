"""References to models: recipes that say how to make a module, never the module.

A reference is small, immutable and compared by content, so that it can flow on links, be cached and be
fingerprinted; the weights live in the pool alone.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from graphengine.diffusion.types.image import Image
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
        name: what it is called, where that matters.
        blocks: other strengths for the weights whose names begin so.
    """

    kind: str
    source: File | None = None
    strength: float = 1.0
    name: str = ""
    blocks: tuple[tuple[str, float], ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it changes anything."""
        return bool(self.strength) or any(much for _, much in self.blocks)

    def amount_for(self, name: str) -> float:
        """Return the strength for a weight by its name."""
        return next((much for start, much in self.blocks if name.startswith(start)), self.strength)


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
        return replace(self, patches=(*self.patches, patch)) if patch.counts else self


@dataclass(frozen=True, slots=True)
class ControlNetRef(WeightsRef):
    """A ControlNet: a network beside a denoiser that tells it what a picture says (Zhang et al. 2023)."""

    part: ClassVar[Part] = "control"


@dataclass(frozen=True, slots=True)
class Control:
    """A picture that a denoiser follows, as far as a ControlNet understands it.

    Attributes:
        network: reads the picture.
        image: one picture, or one for each that is sampled.
        strength: how much it counts; 1 is as it was trained.
        start, end: when it counts, as parts of the steps from 0 to 1.

    Raises:
        ValueError: the time is wrong.
    """

    network: ControlNetRef
    image: Image
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0

    __hash__ = None  # type: ignore[assignment]  # holds tensors

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 1:
            raise ValueError(f"a control cannot count from {self.start} to {self.end}")

    def counts(self, step: int, total: int) -> bool:
        """Whether it counts at a step of so many, from 0."""
        return self.start <= step / total and (step + 1) / total <= self.end

    def amount_at(self, step: int, total: int) -> float:
        """Return how much it counts at a step of so many, from 0."""
        return self.strength if self.counts(step, total) else 0.0


@dataclass(frozen=True, slots=True)
class ModelRef(WeightsRef):
    """A denoiser.

    Attributes:
        latent: the form of its latents.
        prediction: what it predicts, see :data:`graphengine.models.prediction.Prediction`.
        controls: what else it looks at; they change no weights.
        shift: how far noise levels are moved towards noise, for models that predict a flow; None is as it was trained.
    """

    part: ClassVar[Part] = "model"

    latent: LatentSpec = LatentSpec()  # noqa: RUF009 — frozen
    prediction: Prediction = "epsilon"
    controls: tuple[Control, ...] = ()

    @property
    def is_adapted(self) -> bool:
        """Whether it carries a LoRA, or looks at what a ControlNet tells."""
        return bool(self.controls) or any(patch.kind == "lora" for patch in self.patches)

    shift: float | None = None


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
class PipelineRef(WeightsRef):
    """A whole pipeline of diffusers; its variant is the name of its class."""

    part: ClassVar[Part] = "pipeline"


@dataclass(frozen=True, slots=True)
class DepthModelRef(WeightsRef):
    """A network that tells how far away what a picture shows is."""

    part: ClassVar[Part] = "depth"


@dataclass(frozen=True, slots=True)
class ImageEncoderRef(WeightsRef):
    """A network that tells what a picture shows, to models that look at that."""

    part: ClassVar[Part] = "image_encoder"


@dataclass(frozen=True, slots=True)
class InterpolatorRef(WeightsRef):
    """A network that makes frames between frames."""

    part: ClassVar[Part] = "interpolator"
