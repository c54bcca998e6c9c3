"""Stable Diffusion XL (Podell et al. 2023): a UNet that reads two CLIP text encoders, or as a refiner one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from graphengine.diffusion.families.clip_text import encode_clip
from graphengine.diffusion.families.family import CONFIGS, Detected, Predict
from graphengine.diffusion.families.loading import index_of, load_autoencoder, load_clip, load_tokenizer
from graphengine.diffusion.families.unet import load_unet, predict_by_unet
from graphengine.diffusion.families.windows import side_by_side
from graphengine.diffusion.loaded import Denoiser, Loaded, TextStack
from graphengine.diffusion.preview import LinearPreview
from graphengine.diffusion.schedules import Timing
from graphengine.diffusion.types.conditioning import ConditioningEntry, MicroConditioning
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.errors import NodeError
from graphengine.models import sdxl
from graphengine.models.parts import Part
from graphengine.models.prompt import parse_prompt
from graphengine.models.source import SingleFile, Source

_PREVIEW: Final = LinearPreview(
    weights=((0.47, 0.47, 0.47), (-0.47, -0.04, 0.08), (0.20, 0.12, -0.04), (-0.55, -0.39, -0.27)),
    bias=(0.18, 0.10, 0.02),
)
"""The linear fit that T. A. Vass published in 2024 (Explaining the SDXL latent space), for colours from -1 to 1."""

_WANTED, _UNWANTED = 6.0, 2.5
"""The aesthetic scores that a refiner is told where nothing is said: of what is wanted, and of what is not."""


@dataclass(frozen=True, slots=True)
class StableDiffusionXL:
    """The family of SDXL and its refiner.

    Attributes:
        configs: a folder with one folder of configurations per variant, for single files.
    """

    configs: Path = CONFIGS

    @property
    def name(self) -> str:
        """``sdxl``."""
        return sdxl.FAMILY

    def half(self, part: Part) -> torch.dtype:
        """See :class:`~graphengine.diffusion.families.family.Family`: in fp16 the autoencoder overflows."""
        return torch.float32 if part == "vae" else torch.float16

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`, and :func:`graphengine.models.sdxl.detect`."""
        return Detected.of(sdxl.detect(source))

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        configs = self.configs / f"sdxl_{ref.variant}"
        if ref.part == "vae":
            return load_autoencoder(source, configs, dtype)
        if ref.part == "text_encoder":
            return _load_text(source, configs, ref.variant, dtype)
        denoiser = load_unet(source, configs, dtype, _PREVIEW)
        return denoiser.trained(_zero_snr(source))

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """See :class:`~graphengine.diffusion.families.family.Family`.

        Where the model was trained so, an empty text is zeros.
        """
        parsed = [parse_prompt(text) for text in texts]
        read = [encode_clip(stack, i, parsed, clip_skip, before_last=True) for i in range(len(stack.encoders))]
        entries = []
        for text, states in zip(texts, zip(*read, strict=True), strict=True):
            tokens = side_by_side([each.tokens for each in states])
            entry = ConditioningEntry(tokens, states[-1].pooled)
            entries.append(entry.emptied() if stack.empties and not text.strip() else entry)
        return entries

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
        pooled = [each.pooled for each in entries if each.pooled is not None]
        if len(pooled) < len(entries):
            raise NodeError("the text has no vector for the whole of it", hint="Encode it for this model.")
        count = _count_of_sizes(denoiser.module.config, pooled[0].shape[-1])
        sizes = [
            _sizes(entry.micro or MicroConditioning(), latent, count, _UNWANTED if index < unwanted else _WANTED)
            for index, entry in enumerate(entries)
        ]
        added = {
            "text_embeds": torch.cat([each.expand(latent.batch, -1) for each in pooled]),
            "time_ids": torch.tensor(sizes).repeat_interleave(latent.batch, dim=0),
        }
        return predict_by_unet(
            denoiser, entries, latent=latent, guidance=guidance, beside=beside, unwanted=unwanted, added=added
        )


def _load_text(source: Source, configs: Path, variant: str, dtype: torch.dtype) -> TextStack:
    second = load_clip(CLIPTextModelWithProjection, source, configs, sdxl.TEXT_PREFIX, dtype, "text_encoder_2")
    encoders: tuple[Any, ...] = (second,)
    tokenizers: tuple[Any, ...] = (load_tokenizer(source, configs, "tokenizer_2"),)
    if variant == "base":
        encoders = (load_clip(CLIPTextModel, source, configs, sdxl.TEXT_PREFIX, dtype), *encoders)
        tokenizers = (load_tokenizer(source, configs), *tokenizers)
    empties = bool(index_of(source, configs).get("force_zeros_for_empty_prompt", True))
    return TextStack(encoders, tokenizers, empties=empties)


def _zero_snr(source: Source) -> Mapping[str, Any]:
    """Return what a single file says about the noise of its training."""
    marked = isinstance(source, SingleFile) and source.shape(sdxl.ZERO_SNR) is not None
    return {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"} if marked else {}


def _count_of_sizes(config: Any, pooled: int) -> int:
    """Return how many numbers beside the text a UNet takes: 6 sizes, or for a refiner 4 and the aesthetic score."""
    left = int(config.projection_class_embeddings_input_dim) - pooled
    count, rest = divmod(left, int(config.addition_time_embed_dim))
    if rest or count not in {5, 6}:
        raise NodeError(
            "the text was read by an encoder that the model was not trained with",
            hint="Encode the text with the text encoder of the same model: base and refiner have their own.",
        )
    return count


def _sizes(micro: MicroConditioning, latent: Latent, count: int, score: float) -> list[float]:
    """Return the numbers for an entry: heights stand before widths."""
    height, width = (float(cells * latent.spec.stride) for cells in latent.samples.shape[-2:])
    original = [micro.height or height, micro.width or width]
    crop = [float(micro.top), float(micro.left)]
    if count == 5:
        return [*original, *crop, score if micro.aesthetic is None else micro.aesthetic]
    return [*original, *crop, micro.target_height or height, micro.target_width or width]
