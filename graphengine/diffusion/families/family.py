"""What an architecture must know to take part; everything else is generic."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol, Self

import torch
from torch import Tensor

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.loaded import Denoiser, Loaded, TextStack, missing_weights
from graphengine.diffusion.schedules import Timing
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.errors import GraphEngineError, ModelRefused
from graphengine.models.built import Built
from graphengine.models.parts import Part
from graphengine.models.prediction import Prediction
from graphengine.models.source import Source

CONFIGS: Final = Path(str(files("graphengine.diffusion.families") / "configs"))
"""One folder of configurations per variant, for single files, which carry none."""

Predict = Callable[[Tensor, Tensor], Tensor]
"""From noisy latents [batch, channels, height, width] and a timestep to one prediction for each conditioning entry:
[entries, batch, channels, height, width]. Latents of videos are [batch, channels, frames, height, width]."""


@dataclass(frozen=True, slots=True)
class Detected:
    """What a source turned out to be.

    Attributes:
        variant: which member of the family.
        parts: what the source holds.
        latent: the form of the latents.
        prediction: what the denoiser predicts.
        experts: see :class:`~graphengine.models.built.Built`.
    """

    variant: str
    parts: frozenset[Part]
    latent: LatentSpec
    prediction: Prediction
    experts: tuple[str, ...] = ()

    @classmethod
    def of(cls, built: Built | None) -> Self | None:
        """Return what a detector of :mod:`graphengine.models` has found."""
        if built is None:
            return None
        spec = LatentSpec(built.channels, built.stride, built.patch, built.time)
        return cls(built.variant, built.parts, spec, built.prediction, built.experts)


class Loader(Protocol):
    """What makes modules of weights."""

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """Make the part that ``ref`` describes, on the CPU. Called under the construction lock."""
        ...


class Family(Loader, Protocol):
    """An architecture."""

    @property
    def name(self) -> str:
        """Its name in the families table, in latents and in conditionings."""
        ...

    def half(self, part: Part) -> torch.dtype:
        """Return the number format in which a part is used on an accelerator.

        fp32 means that half precision is not enough for it, even where it is asked for.
        """
        ...

    def detect(self, source: Source) -> Detected | None:
        """Tell from configuration, tensor names and shapes alone whether ``source`` is of this family."""
        ...

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """Encode prompts with weights, of any length, in one forward of each network."""
        ...

    def timing(self, scheduler: Mapping[str, Any], latent: Latent) -> Timing:
        """Return what decides about noise levels beside the configuration of training, ``scheduler``."""
        ...

    def begin(
        self,
        denoiser: Denoiser,
        entries: Sequence[ConditioningEntry],
        *,
        latent: Latent,
        guidance: float,
        beside: Tensor | None,
        unwanted: int,
    ) -> Predict:
        """Prepare a sampling: all that stays the same from step to step is computed here.

        Args:
            denoiser: the loaded model.
            entries: what to predict for; all of them in one forward of the network. Each holds for all latents, or
                has a row for each.
            latent: what is sampled.
            guidance: the guidance scale, for models that take it as an input.
            beside: what a model trained for inpainting sees beside the latents: the mask and the surroundings,
                [batch, 1 + channels, height, width].
            unwanted: how many of the entries, the first, say what is not wanted.

        Raises:
            NodeError: the model takes other channels, or was trained with other texts.
        """
        ...


Families = Mapping[str, Family]


def load_part(loader: Loader, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
    """Load the part that ``ref`` describes and make sure that it is whole.

    Raises:
        ModelRefused: the weights do not fit the architecture, or some are missing.
        OutOfMemory: there is no room for them.
    """
    try:
        with memory_guard("loading a model"):
            loaded = loader.load(ref, source, dtype)
    except GraphEngineError:
        raise
    except Exception as error:  # a library's loader may raise anything on files that it was not made for
        raise ModelRefused(f"the {ref.part} of {ref.source.reference!r} cannot be loaded: {error}") from error
    missing = missing_weights(loaded)
    if missing:
        raise ModelRefused(
            f"the {ref.part} of {ref.source.reference!r} lacks {len(missing)} weights, such as {missing[0]}"
        )
    return loaded
