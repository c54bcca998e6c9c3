"""Wan 2.1 and 2.2 (Wan Team 2025): a transformer over patches of a video that reads UMT5, trained on a flow."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ftfy
import torch
from diffusers import AutoencoderKLWan, WanTransformer3DModel
from torch import Tensor
from transformers import UMT5EncoderModel

from graphengine.diffusion.families.family import CONFIGS, Detected, Predict
from graphengine.diffusion.families.loading import (
    config_of,
    load_network,
    load_scheduler_config,
    load_tokenizer,
    load_transformers,
    preview_of,
)
from graphengine.diffusion.families.transformer import check_patches
from graphengine.diffusion.families.wan_sight import LONGEST, sight, times_of
from graphengine.diffusion.families.windows import TextStates, encode_texts
from graphengine.diffusion.loaded import Denoiser, Frames, Loaded, TextStack
from graphengine.diffusion.preview import PrincipalPreview
from graphengine.diffusion.schedules import Timing
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.diffusion.video.autoencoder import VideoAutoencoder
from graphengine.diffusion.video.given import taken_by
from graphengine.errors import ModelRefused, NodeError
from graphengine.models import wan
from graphengine.models.parts import Part
from graphengine.models.prompt import parse_prompt
from graphengine.models.source import SingleFile, Source

_FRAMES: Final[Mapping[str, Frames]] = {wan.I2V: "beside", wan.TI2V: "held"}


@dataclass(frozen=True, slots=True)
class Wan:
    """The family of Wan's text and image to video.

    Attributes:
        configs: a folder with one folder of configurations per variant, for single files.
    """

    configs: Path = CONFIGS

    @property
    def name(self) -> str:
        """``wan``."""
        return wan.FAMILY

    def half(self, part: Part) -> torch.dtype:
        """See :class:`~graphengine.diffusion.families.family.Family`: the release decodes in fp32."""
        return torch.float32 if part == "vae" else torch.bfloat16

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`, and :func:`graphengine.models.wan.detect`."""
        return Detected.of(wan.detect(source))

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        variant, _, expert = ref.variant.partition("_")
        configs = self.configs / f"wan_{wan.T2V if variant == wan.I2V else variant}"
        if ref.part == "vae":
            return _load_vae(source, configs, dtype, between=_FRAMES.get(variant) != "held")
        if ref.part == "text_encoder":
            return _load_text(source, configs, dtype)
        prefix = wan.prefix_of(source) if isinstance(source, SingleFile) else ""
        module = load_network(
            WanTransformer3DModel,
            source,
            configs,
            "transformer_2" if expert == wan.LOW else "transformer",
            prefix,
            dtype,
            renamed={f"{prefix}{wan.PLACES[0]}": wan.PLACES[1]},
            **_sizes(source, configs),
        )
        return Denoiser(
            module,
            _schedule(source, configs),
            preview_of(source, PrincipalPreview()),
            time_per_token=variant == wan.TI2V,
            frames=_FRAMES.get(variant, "none"),
        )

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """See :class:`~graphengine.diffusion.families.family.Family`; what is beyond a text is zeros."""
        del clip_skip
        padding = stack.tokenizers[0].pad_token_id

        def read(encoder: Any, ids: Tensor) -> TextStates:
            there = ids != padding
            states = encoder(ids, attention_mask=there.long()).last_hidden_state
            return TextStates(states.masked_fill(~there.unsqueeze(-1), 0))

        parsed = [parse_prompt(cleaned(text)) for text in texts]
        return [ConditioningEntry(each.tokens) for each in encode_texts(stack, 0, parsed, stack.longest, read)]

    def timing(self, scheduler: Mapping[str, Any], latent: Latent) -> Timing:
        """See :class:`~graphengine.diffusion.families.family.Family`: each solver visits its own levels."""
        del scheduler, latent
        return Timing(own=True)

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
        """See :class:`~graphengine.diffusion.families.family.Family`.

        Each text has a forward of its own: one video fills a device, and two at a time would need twice the memory.
        """
        del guidance, unwanted
        if beside is not None:
            raise NodeError("the model takes nothing beside the latent")
        transformer = denoiser.module
        device, dtype = denoiser.device, transformer.dtype
        check_patches(latent)
        _check_width(transformer.config.text_dim, entries)
        texts = [each.embeddings.expand(latent.batch, -1, -1).to(device, dtype) for each in entries]
        taken = taken_by(denoiser.frames, latent, device)
        seen = sight(transformer.config, latent, entries)
        states = None if seen is None else seen.to(device, dtype)
        times = times_of(latent).to(device) if denoiser.time_per_token else None

        def forward(rows: Tensor, timestep: Tensor, text: Tensor) -> Tensor:
            output: Tensor = transformer(
                hidden_states=rows,
                timestep=timestep.expand(len(rows)) if times is None else (times * timestep).expand(len(rows), -1),
                encoder_hidden_states=text,
                encoder_hidden_states_image=states,
                return_dict=False,
            )[0]
            return output.float()

        def predict(latents: Tensor, timestep: Tensor) -> Tensor:
            rows = taken(latents).to(dtype)
            return torch.stack([forward(rows, timestep, text) for text in texts])

        return predict


def cleaned(text: str) -> str:
    """Return a text as those were with which the model was trained: mended letters, no entities, single spaces."""
    mended = html.unescape(html.unescape(ftfy.fix_text(text)))
    return " ".join(mended.split())


def _schedule(source: Source, configs: Path) -> Mapping[str, Any]:
    """Read the noise schedule of training; other classes of solvers have another word for its shift."""
    config = load_scheduler_config(source, configs)
    return {**config, "shift": config.get("flow_shift", config.get("shift", 1.0))}


def _sizes(source: Source, configs: Path) -> Mapping[str, Any]:
    """Return the sizes of the denoiser in a single file: they are all that its members differ in."""
    if not isinstance(source, SingleFile):
        return {}
    width, inner = wan.widths_of(source)
    heads = width // config_of(source, configs, "transformer")["attention_head_dim"]
    sizes = {"num_layers": wan.layers_of(source), "num_attention_heads": heads, "ffn_dim": inner}
    sizes["in_channels"] = wan.channels_of(source)
    sight, places = wan.sight_of(source)
    if sight:
        sizes |= {"image_dim": sight, "added_kv_proj_dim": width}
    return sizes | ({"pos_embed_seq_len": places} if places else {})


def _load_vae(source: Source, configs: Path, dtype: torch.dtype, *, between: bool) -> VideoAutoencoder:
    module = load_network(AutoencoderKLWan, source, configs, "vae", "", dtype)
    config = module.config
    spread, middle = (torch.tensor(each, dtype=torch.float32) for each in (config.latents_std, config.latents_mean))
    return VideoAutoencoder(
        module,
        stride=config.scale_factor_spatial,
        scale=1.0 / spread,
        shift=middle,
        patch=2,
        time=config.scale_factor_temporal,
        between=between,
    )


def _load_text(source: Source, configs: Path, dtype: torch.dtype) -> TextStack:
    if isinstance(source, SingleFile):
        raise ModelRefused(
            "a single file holds no vocabulary of UMT5",
            hint="Take the text encoder from the model's diffusers folder.",
        )
    encoder = load_transformers(UMT5EncoderModel, source, "text_encoder", dtype)
    return TextStack((encoder,), (load_tokenizer(source, configs),), longest=LONGEST)


def _check_width(taken: int, entries: Sequence[ConditioningEntry]) -> None:
    for entry in entries:
        given = entry.embeddings.shape[-1]
        if given != taken:
            raise NodeError(
                f"the text was encoded in vectors of {given} numbers, the model takes {taken}",
                hint="Encode the text with the text encoder of the same model.",
            )
