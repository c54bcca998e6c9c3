"""Stable Diffusion 3 and 3.5: a transformer that reads two CLIP encoders and T5, and predicts a flow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import SD3Transformer2DModel
from torch import Tensor
from torch.nn import functional
from transformers import CLIPTextModelWithProjection, T5EncoderModel

from graphengine.diffusion.families.clip_text import encode_clip
from graphengine.diffusion.families.family import CONFIGS, Detected, Predict
from graphengine.diffusion.families.loading import (
    config_of,
    load_autoencoder,
    load_clip,
    load_network,
    load_scheduler_config,
    load_tokenizer,
    load_transformers,
    preview_of,
)
from graphengine.diffusion.families.t5_text import encode_t5
from graphengine.diffusion.families.transformer import predict_by_transformer, shift_by_size, tokens_of
from graphengine.diffusion.families.windows import TextStates, side_by_side
from graphengine.diffusion.loaded import Denoiser, Loaded, TextStack
from graphengine.diffusion.preview import PrincipalPreview
from graphengine.diffusion.schedules import Timing
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.errors import NodeError
from graphengine.models import sd3
from graphengine.models.built import class_of
from graphengine.models.parts import Part
from graphengine.models.prompt import parse_prompt
from graphengine.models.source import SingleFile, Source

_LONGEST: Final = 256  # the tokens of T5 with which it was trained


@dataclass(frozen=True, slots=True)
class StableDiffusion3:
    """The family of SD 3 and 3.5.

    Attributes:
        configs: a folder with one folder of configurations per variant, for single files.
    """

    configs: Path = CONFIGS

    @property
    def name(self) -> str:
        """``sd3``."""
        return sd3.FAMILY

    def half(self, part: Part) -> torch.dtype:
        """See :class:`~graphengine.diffusion.families.family.Family`: T5 and the larger ones overflow in fp16."""
        del part
        return torch.bfloat16

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`, and :func:`graphengine.models.sd3.detect`."""
        return Detected.of(sd3.detect(source))

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        configs = self.configs / f"sd3_{ref.variant}"
        transformer = config_of(source, configs, "transformer")
        if ref.part == "vae":
            return load_autoencoder(source, configs, dtype, patch=transformer["patch_size"])
        if ref.part == "text_encoder":
            return _load_text(source, configs, transformer["joint_attention_dim"], dtype)
        prefix = sd3.prefix_of(source) if isinstance(source, SingleFile) else ""
        module = load_network(SD3Transformer2DModel, source, configs, "transformer", prefix, dtype)
        return Denoiser(module, load_scheduler_config(source, configs), preview_of(source, PrincipalPreview()))

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """See :class:`~graphengine.diffusion.families.family.Family`: without T5 its tokens are zeros."""
        parsed = [parse_prompt(text) for text in texts]
        first, second = (encode_clip(stack, index, parsed, clip_skip, before_last=True) for index in range(2))
        if len(stack.encoders) > 2:
            tokens = encode_t5(stack, 2, parsed)
        else:
            tokens = [TextStates(torch.zeros(1, stack.longest, stack.width))] * len(texts)
        return [_entry(*each) for each in zip(first, second, tokens, strict=True)]

    def timing(self, scheduler: Mapping[str, Any], latent: Latent) -> Timing:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        return Timing(shift=shift_by_size(scheduler, tokens_of(latent), 1.16))

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
        del guidance, unwanted
        if beside is not None:
            raise NodeError("the model takes nothing beside the latent")
        transformer = denoiser.module

        def forward(latents: Tensor, timestep: Tensor, embeddings: Tensor, pooled: Tensor) -> Tensor:
            output: Tensor = transformer(
                hidden_states=latents,
                timestep=timestep.expand(len(latents)),
                encoder_hidden_states=embeddings,
                pooled_projections=pooled,
                return_dict=False,
            )[0]
            return output

        return predict_by_transformer(denoiser, entries, latent, forward)


def _load_text(source: Source, configs: Path, width: int, dtype: torch.dtype) -> TextStack:
    encoders: list[Any] = [
        load_clip(CLIPTextModelWithProjection, source, configs, sd3.TEXT_PREFIX, dtype, part)
        for part in ("text_encoder", "text_encoder_2")
    ]
    tokenizers = [load_tokenizer(source, configs, part) for part in ("tokenizer", "tokenizer_2")]
    if not isinstance(source, SingleFile) and class_of(source.index, "text_encoder_3"):
        encoders.append(load_transformers(T5EncoderModel, source, "text_encoder_3", dtype))
        tokenizers.append(load_tokenizer(source, configs, "tokenizer_3"))
    return TextStack(tuple(encoders), tuple(tokenizers), longest=_LONGEST, width=width)


def _entry(first: TextStates, second: TextStates, tokens: TextStates) -> ConditioningEntry:
    clip = side_by_side([first.tokens, second.tokens])
    filled = functional.pad(clip, (0, tokens.tokens.shape[-1] - clip.shape[-1]))
    vectors = [each.pooled for each in (first, second) if each.pooled is not None]
    return ConditioningEntry(torch.cat([filled, tokens.tokens], dim=1), torch.cat(vectors, dim=-1))
