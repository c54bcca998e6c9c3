"""Flux.1 (Black Forest Labs 2024): a transformer over patches of the latent and the tokens of T5, trained on a flow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import FluxTransformer2DModel
from torch import Tensor
from transformers import CLIPTextModel, T5EncoderModel

from graphengine.diffusion.families.clip_text import encode_clip
from graphengine.diffusion.families.family import CONFIGS, Detected, Predict
from graphengine.diffusion.families.loading import (
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
from graphengine.diffusion.loaded import Denoiser, Loaded, TextStack
from graphengine.diffusion.preview import PrincipalPreview
from graphengine.diffusion.schedules import Timing
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.errors import ModelRefused, NodeError
from graphengine.models import flux
from graphengine.models.parts import Part
from graphengine.models.prompt import parse_prompt
from graphengine.models.source import SingleFile, Source

_LONGEST: Final = {"dev": 512, "schnell": 256}  # the tokens of T5 with which each was trained
_PATCH: Final = 2


@dataclass(frozen=True, slots=True)
class Flux:
    """The family of Flux.1 dev and schnell.

    Attributes:
        configs: a folder with one folder of configurations per variant, for single files.
    """

    configs: Path = CONFIGS

    @property
    def name(self) -> str:
        """``flux``."""
        return flux.FAMILY

    def half(self, part: Part) -> torch.dtype:
        """See :class:`~graphengine.diffusion.families.family.Family`: the model was trained in bf16."""
        del part
        return torch.bfloat16

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`, and :func:`graphengine.models.flux.detect`."""
        return Detected.of(flux.detect(source))

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        configs = self.configs / f"flux_{ref.variant}"
        if ref.part == "vae":
            return load_autoencoder(source, configs, dtype, patch=_PATCH, prefix=flux.VAE_PREFIX)
        if ref.part == "text_encoder":
            return _load_text(source, configs, _LONGEST[ref.variant], dtype)
        prefix = flux.prefix_of(source) if isinstance(source, SingleFile) else ""
        module = load_network(FluxTransformer2DModel, source, configs, "transformer", prefix, dtype)
        return Denoiser(
            module,
            load_scheduler_config(source, configs),
            preview_of(source, PrincipalPreview()),
            takes_guidance=module.config.guidance_embeds,
        )

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """See :class:`~graphengine.diffusion.families.family.Family`: T5 gives the tokens, CLIP the vector."""
        parsed = [parse_prompt(text) for text in texts]
        vectors = encode_clip(stack, 0, parsed, clip_skip)
        tokens = encode_t5(stack, 1, parsed)
        return [ConditioningEntry(t.tokens, v.pooled) for t, v in zip(tokens, vectors, strict=True)]

    def timing(self, scheduler: Mapping[str, Any], latent: Latent) -> Timing:
        """See :class:`~graphengine.diffusion.families.family.Family`: the larger a picture, the noisier the levels."""
        return Timing(even=True, shift=shift_by_size(scheduler, tokens_of(latent), 1.15))

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
        del unwanted
        if beside is not None:
            raise NodeError("the model takes nothing beside the latent")
        transformer, device, dtype = denoiser.module, denoiser.device, denoiser.dtype
        height, width = latent.samples.shape[-2:]
        places = _places(height // _PATCH, width // _PATCH).to(device, dtype)
        scale = torch.full([1], guidance, device=device) if denoiser.takes_guidance else None

        def forward(latents: Tensor, timestep: Tensor, embeddings: Tensor, pooled: Tensor) -> Tensor:
            output = transformer(
                hidden_states=_packed(latents),
                timestep=timestep.float().expand(len(latents)) / 1000,
                guidance=None if scale is None else scale.expand(len(latents)),
                pooled_projections=pooled,
                encoder_hidden_states=embeddings,
                txt_ids=torch.zeros(embeddings.shape[1], 3, device=device, dtype=dtype),
                img_ids=places,
                return_dict=False,
            )[0]
            return _unpacked(output, height, width)

        return predict_by_transformer(denoiser, entries, latent, forward)


def _load_text(source: Source, configs: Path, longest: int, dtype: torch.dtype) -> TextStack:
    if isinstance(source, SingleFile):
        raise ModelRefused(
            "a single file holds no vocabulary of T5", hint="Take the text encoder from the model's diffusers folder."
        )
    encoders = (
        load_clip(CLIPTextModel, source, configs, "", dtype),
        load_transformers(T5EncoderModel, source, "text_encoder_2", dtype),
    )
    tokenizers = (load_tokenizer(source, configs), load_tokenizer(source, configs, "tokenizer_2"))
    return TextStack(encoders, tokenizers, longest=longest)


def _packed(latents: Tensor) -> Tensor:
    """Take the cells of each patch as one token: [batch, height · width / 4, channels · 4]."""
    batch, channels, height, width = latents.shape
    patches = latents.reshape(batch, channels, height // _PATCH, _PATCH, width // _PATCH, _PATCH)
    return patches.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def _unpacked(tokens: Tensor, height: int, width: int) -> Tensor:
    """Undo :func:`_packed`."""
    patches = tokens.reshape(len(tokens), height // _PATCH, width // _PATCH, -1, _PATCH, _PATCH)
    return patches.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def _places(rows: int, columns: int) -> Tensor:
    """Return where each token is, for rotary embeddings: [rows · columns, 3], of which the first is not used."""
    down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.stack([torch.zeros_like(down), down, across], dim=-1).reshape(-1, 3).float()
