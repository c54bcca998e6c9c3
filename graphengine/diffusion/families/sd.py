"""Stable Diffusion 1 and 2 (Rombach et al. 2022): a UNet with cross-attention to one CLIP text encoder."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.families.clip_text import encode_windows, split_into_windows
from graphengine.diffusion.families.family import Detected, Predict
from graphengine.diffusion.families.sd_weights import (
    TEXT_PREFIX,
    UNET_PREFIX,
    VAE_PREFIX,
    load_autoencoder,
    load_scheduler_config,
    load_text_encoder,
    load_tokenizer,
    load_unet,
)
from graphengine.diffusion.loaded import Autoencoder, Denoiser, Loaded, TextStack
from graphengine.diffusion.preview import LinearPreview
from graphengine.diffusion.prompt import parse_prompt
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import LatentSpec
from graphengine.diffusion.types.refs import Prediction, WeightsRef
from graphengine.errors import NodeError
from graphengine.models.parts import Part
from graphengine.models.source import ModelFolder, SingleFile, Source

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
        return "sd"

    def detect(self, source: Source) -> Detected | None:
        """See :class:`~graphengine.diffusion.families.family.Family`.

        SD 2 is told from SD 1 by the projections of its attention blocks, which are linear instead of convolutions.
        A single file does not say what its denoiser predicts: the velocity is assumed for SD 2 with four channels,
        as released for 768 pixels, and the noise for everything else.
        """
        return _detect_file(source) if isinstance(source, SingleFile) else _detect_folder(source)

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


def _detect_file(source: SingleFile) -> Detected | None:
    shapes = source.header.shapes
    first = source.shape(f"{UNET_PREFIX}input_blocks.0.0.weight")
    projection = next(
        (s for n, s in shapes.items() if n.startswith(UNET_PREFIX) and n.endswith(".proj_in.weight")), None
    )
    other = source.has("conditioner.") or source.has(f"{UNET_PREFIX}label_emb.")  # SDXL has both
    if other or first is None or projection is None:
        return None
    found: dict[Part, bool] = {
        "model": True,
        "vae": source.has(VAE_PREFIX),
        "text_encoder": source.has(TEXT_PREFIX),
    }
    second = len(projection) == 2
    velocity = second and first[1] == 4
    return Detected(
        variant="sd2" if second else "sd1",
        parts=frozenset(part for part, there in found.items() if there),
        latent=LatentSpec(stride=_stride_of_file(source)),
        prediction="v_prediction" if velocity else "epsilon",
    )


def _detect_folder(source: ModelFolder) -> Detected | None:
    if "text_encoder_2" in source.index or _class_of(source.index, "unet") != "UNet2DConditionModel":
        return None
    if _class_of(source.index, "text_encoder") != "CLIPTextModel":
        return None
    unet, vae, scheduler = (source.config(part) for part in ("unet", "vae", "scheduler"))
    if unet.get("addition_embed_type") is not None:
        return None
    prediction: Prediction = "v_prediction" if scheduler.get("prediction_type") == "v_prediction" else "epsilon"
    return Detected(
        variant="sd2" if unet.get("use_linear_projection") else "sd1",
        parts=frozenset(("model", "vae", "text_encoder")),
        latent=LatentSpec(channels=vae.get("latent_channels", 4), stride=_stride(vae)),
        prediction=prediction,
    )


def _class_of(index: Mapping[str, Any], part: str) -> str | None:
    entry = index.get(part)
    return entry[1] if isinstance(entry, list) and len(entry) == 2 else None


def _stride(vae: Mapping[str, Any]) -> int:
    """Return pixels per latent cell: every resolution of an autoencoder but the last halves the sides."""
    levels: Sequence[int] = vae.get("encoder_block_out_channels") or vae.get("block_out_channels") or (1, 1, 1, 1)
    return 1 << (len(levels) - 1)


def _stride_of_file(source: SingleFile) -> int:
    levels = {name.split(".")[3] for name in source.header.shapes if name.startswith(f"{VAE_PREFIX}encoder.down.")}
    return 1 << (len(levels) - 1) if levels else LatentSpec().stride


def _autoencoder(module: Any) -> Autoencoder:
    config = module.config
    shift = getattr(config, "shift_factor", None) or 0.0
    return Autoencoder(module, stride=_stride(config), scale=config.scaling_factor, shift=shift)


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
