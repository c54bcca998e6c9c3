"""Stable Diffusion 1 and 2 (Rombach et al. 2022): a UNet with cross-attention to one CLIP text encoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextModel

from graphengine.diffusion.families.clip_text import encode_clip
from graphengine.diffusion.families.family import CONFIGS, Detected, Predict
from graphengine.diffusion.families.loading import load_autoencoder, load_clip, load_tokenizer
from graphengine.diffusion.families.unet import load_unet, predict_by_unet
from graphengine.diffusion.loaded import Denoiser, Loaded, TextStack
from graphengine.diffusion.preview import LinearPreview
from graphengine.diffusion.schedules import Timing
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.models import sd
from graphengine.models.parts import Part
from graphengine.models.prompt import parse_prompt
from graphengine.models.source import Source


@dataclass(frozen=True, slots=True)
class StableDiffusion:
    """The family of SD 1 and SD 2.

    Attributes:
        configs: a folder with one folder of configurations per variant, for single files.
    """

    configs: Path = CONFIGS

    @property
    def name(self) -> str:
        """``sd``."""
        return sd.FAMILY

    def half(self, part: Part) -> torch.dtype:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        del part
        return torch.float16

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`, and :func:`graphengine.models.sd.detect`."""
        return Detected.of(sd.detect(source))

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        configs = self.configs / ref.variant
        if ref.part == "vae":
            return load_autoencoder(source, configs, dtype)
        if ref.part == "text_encoder":
            encoder = load_clip(CLIPTextModel, source, configs, sd.TEXT_PREFIX, dtype)
            return TextStack((encoder,), (load_tokenizer(source, configs),))
        return load_unet(source, configs, dtype, LinearPreview())

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        read = encode_clip(stack, 0, [parse_prompt(text) for text in texts], clip_skip)
        return [ConditioningEntry(each.tokens) for each in read]

    def timing(self, scheduler: Mapping[str, Any], latent: Latent) -> Timing:
        """See :class:`~graphengine.diffusion.families.family.Family`: nothing else does."""
        del scheduler, latent
        return Timing()

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
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        return predict_by_unet(denoiser, entries, latent=latent, guidance=guidance, beside=beside, unwanted=unwanted)
