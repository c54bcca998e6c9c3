"""Stable Diffusion 1 and 2 (Rombach et al. 2022): a UNet with cross-attention to one CLIP text encoder."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.families.clip_text import encode_windows, split_into_windows
from graphengine.diffusion.families.family import Detected, Predict
from graphengine.diffusion.families.sd_weights import (
    load_autoencoder,
    load_scheduler_config,
    load_text_encoder,
    load_tokenizer,
    load_unet,
)
from graphengine.diffusion.loaded import Autoencoder, Denoiser, Loaded, TextStack
from graphengine.diffusion.preview import LinearPreview
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import LatentSpec
from graphengine.diffusion.types.refs import WeightsRef
from graphengine.errors import NodeError
from graphengine.models import sd
from graphengine.models.prompt import parse_prompt
from graphengine.models.source import ModelFolder, Source

_CONFIGS = Path(str(files("graphengine.diffusion.families") / "configs"))


@dataclass(frozen=True, slots=True)
class StableDiffusion:
    """The family of SD 1 and SD 2.

    Attributes:
        configs: a folder with one folder of configurations per variant, for single files.
    """

    configs: Path = _CONFIGS

    @property
    def name(self) -> str:
        """``sd``."""
        return sd.FAMILY

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`, and :func:`graphengine.models.sd.detect`."""
        found = sd.detect(source)
        if found is None:
            return None
        latent = LatentSpec(channels=found.channels, stride=found.stride)
        return Detected(found.variant, found.parts, latent, found.prediction)

    def load(self, ref: WeightsRef, source: Source, dtype: torch.dtype) -> Loaded:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        configs = self.configs / ref.variant
        if ref.part == "vae":
            return _autoencoder(load_autoencoder(source, configs, dtype))
        if ref.part == "text_encoder":
            return TextStack((load_text_encoder(source, configs, dtype),), (load_tokenizer(source, configs),))
        module = load_unet(source, configs, dtype)
        return Denoiser(
            module,
            load_scheduler_config(source, configs),
            _preview(source),
            takes_guidance=module.config.time_cond_proj_dim is not None,
            takes_surroundings=module.config.in_channels != module.config.out_channels,
        )

    def encode(self, stack: TextStack, texts: Sequence[str], clip_skip: int) -> Sequence[ConditioningEntry]:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        (encoder,), (tokenizer,) = stack.encoders, stack.tokenizers
        layers, size = int(encoder.config.num_hidden_layers), int(encoder.config.max_position_embeddings)
        if not 0 <= clip_skip < layers:
            raise NodeError(f"the text encoder has {layers} layers: {clip_skip} of them cannot be skipped")
        with stack.lock:
            windows = [split_into_windows(tokenizer, parse_prompt(text), size) for text in texts]
            (empty,) = split_into_windows(tokenizer, (), size)
        return [ConditioningEntry(each) for each in encode_windows(encoder, windows, empty, clip_skip)]

    def begin(
        self,
        denoiser: Denoiser,
        entries: Sequence[ConditioningEntry],
        *,
        batch: int,
        guidance: float,
        beside: Tensor | None,
    ) -> Predict:
        """See :class:`~graphengine.diffusion.families.family.Family`."""
        unet = denoiser.module
        _check_channels(unet, beside)
        parameter = next(unet.parameters())
        device, dtype = parameter.device, parameter.dtype
        embeddings = _stack(entries, batch).to(device, dtype)
        width = unet.config.time_cond_proj_dim
        scale = None if width is None else _guidance_embedding(guidance, width).to(device, dtype)

        def predict(latents: Tensor, timestep: Tensor) -> Tensor:
            seen = latents if beside is None else torch.cat([latents, beside], dim=1)
            rows = seen.to(dtype).repeat(len(entries), 1, 1, 1)
            output = unet(rows, timestep, encoder_hidden_states=embeddings, timestep_cond=scale, return_dict=False)[0]
            result: Tensor = output.float().unflatten(0, (len(entries), batch))
            return result

        return predict


def _check_channels(unet: Any, beside: Tensor | None) -> None:
    """Refuse latents without the mask and the surroundings that a model trained for inpainting takes."""
    taken = unet.config.in_channels - unet.config.out_channels
    given = 0 if beside is None else beside.shape[1]
    if taken != given:
        raise NodeError(
            f"the model takes {taken} channels beside the latent, and {given} were given: it is made for inpainting",
            hint="Encode the picture together with its mask.",
        )


def _autoencoder(module: Any) -> Autoencoder:
    config = module.config
    shift = getattr(config, "shift_factor", None) or 0.0
    return Autoencoder(module, stride=sd.stride_of(config), scale=config.scaling_factor, shift=shift)


def _preview(source: Source) -> LinearPreview:
    path = source.path / "preview.json"
    if isinstance(source, ModelFolder) and path.is_file():
        return LinearPreview.from_json(json.loads(path.read_text()))
    return LinearPreview()


def _stack(entries: Sequence[ConditioningEntry], batch: int) -> Tensor:
    """Put embeddings of different lengths into one batch: [entries · batch, tokens, width].

    Shorter ones are repeated up to the least common length: attention to keys that occur equally often is
    attention to each of them once.
    """
    tokens = math.lcm(*(entry.embeddings.shape[1] for entry in entries))
    rows = [each.embeddings.repeat(1, tokens // each.embeddings.shape[1], 1) for each in entries]
    return torch.cat([each.expand(batch, -1, -1) for each in rows])


def _guidance_embedding(guidance: float, width: int) -> Tensor:
    """Embed the guidance scale as distilled models want it, above 1 and in thousandths: [1, width].

    Sines and cosines of geometrically falling frequencies (Vaswani et al. 2017), for Meng et al. 2023.
    """
    half = width // 2
    rates = torch.exp(torch.arange(half) * -(torch.log(torch.tensor(10000.0)) / (half - 1)))
    angles = torch.tensor((guidance - 1) * 1000) * rates
    return torch.cat([angles.sin(), angles.cos()]).unsqueeze(0)
