"""Tiny models of the larger families, saved as folders and opened by us and by diffusers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
)
from tiny_models import NEGATIVE, PROMPT, as_file, make_text_encoder, make_tokenizer, make_unet
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.families.table import Checkpoint, open_checkpoint
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.samplers import SAMPLERS, SamplerName
from graphengine.diffusion.sampling import Sampling, sample
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.image import Image, Mask
from graphengine.diffusion.types.latent import Latent

SIDE = 16
STEPS = 5


@dataclass
class Tiny:
    """A model on disk, opened by us; diffusers loads it by ``pipeline``."""

    path: Path
    kind: Any
    checkpoint: Checkpoint
    pool: ModelPool
    options: dict[str, Any] = field(default_factory=dict)

    def text(self, text: str) -> Conditioning:
        assert self.checkpoint.text_encoder is not None
        return encode_text(self.pool, self.checkpoint.text_encoder, text)

    def empty(self, batch: int = 1, width: int = SIDE, height: int = SIDE) -> Latent:
        assert self.checkpoint.model is not None
        return empty_latent(self.checkpoint.model, width, height, batch)

    def pipeline(self, kind: Any = None, sampler: SamplerName | None = None, **options: Any) -> Any:
        """What diffusers makes of the folder, anew, with a sampler of ours."""
        parts = self.kind.from_pretrained(self.path, local_files_only=True, **self.options).components
        given = {name: each for name, each in parts.items() if each is not None or name in NONE}
        made = (kind or self.kind)(**given, **self.options)
        if sampler is not None:
            chosen = SAMPLERS[sampler]
            flow = "Flow" in type(made.scheduler).__name__
            scheduler, more = (chosen.flow, {}) if flow else (chosen.scheduler, chosen.options)
            made.scheduler = scheduler.from_config(made.scheduler.config, **more, **options)
        made.set_progress_bar_config(disable=True)
        return made

    def sample(
        self,
        latent: Latent,
        *,
        positive: Conditioning | None = None,
        negative: Conditioning | None = None,
        on_step: Any = None,
        **settings: Any,
    ) -> Latent:
        assert self.checkpoint.model is not None
        return sample(
            self.pool,
            self.checkpoint.model,
            positive or self.text(PROMPT),
            negative or self.text(NEGATIVE),
            latent,
            settings=Sampling(**{"steps": STEPS, **settings}),
            on_step=on_step,
        )


NONE = {"text_encoder", "tokenizer", "text_encoder_3", "tokenizer_3"}
"""Parts that a pipeline wants to be told are missing."""


def generators(seed: int, count: int = 1) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + index) for index in range(count)]


def picture(seed: int = 1, batch: int = 1, side: int = SIDE) -> Image:
    return Image(torch.rand((batch, side, side, 3), generator=torch.Generator().manual_seed(seed)))


def square(side: int = SIDE) -> Mask:
    """A mask of a part of a picture."""
    mask = torch.zeros(1, side, side)
    mask[:, side // 4 : side * 3 // 4, side // 8 : side // 2] = 1
    return Mask(mask)


def planes(image: Image) -> torch.Tensor:
    """The pixels of pictures as pipelines take them."""
    return image.pixels.permute(0, 3, 1, 2).contiguous()


def open_tiny(path: Path, kind: Any, **options: Any) -> Tiny:
    return Tiny(path, kind, open_checkpoint(as_file(path)), ModelPool(torch.device("cpu")), options)


def make_projected_encoder(tokenizer: Any, width: int = 24, vocabulary: int | None = None) -> Any:
    config = CLIPTextConfig(
        vocab_size=vocabulary or len(tokenizer),
        hidden_size=width,
        intermediate_size=29,
        num_hidden_layers=4,
        num_attention_heads=4,
        projection_dim=20,
        hidden_act="gelu",
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModelWithProjection(config)


def make_xl_unet(*, width: int, sizes: int, **changes: Any) -> Any:
    settings = {
        "cross_attention_dim": width,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 20 + 8 * sizes,
        "use_linear_projection": True,
        **changes,
    }
    return make_unet(**settings)


def make_xl_autoencoder(channels: int = 4, **changes: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=channels,
        norm_num_groups=8,
        **{"scaling_factor": 0.13025, **changes},
    )


def make_sdxl(*, prediction: str = "epsilon", zeros: bool = True, tokenizer: Any = None, **parts: Any) -> Any:
    """Make a pipeline of SDXL's base; ``unet`` holds changes to it."""
    torch.manual_seed(0)
    tokenizer = tokenizer or make_tokenizer()
    return StableDiffusionXLPipeline(
        vae=parts.get("vae") or make_xl_autoencoder(),
        text_encoder=parts.get("text_encoder") or make_text_encoder(tokenizer),
        text_encoder_2=parts.get("text_encoder_2") or make_projected_encoder(tokenizer),
        tokenizer=tokenizer,
        tokenizer_2=parts.get("tokenizer_2") or tokenizer,
        unet=make_xl_unet(width=56, sizes=6, **parts.get("unet", {})),
        scheduler=make_noise_schedule(prediction),
        force_zeros_for_empty_prompt=zeros,
        add_watermarker=False,
    )


def make_refiner(*, tokenizer: Any = None, **parts: Any) -> Any:
    """Make a pipeline of SDXL's refiner."""
    torch.manual_seed(1)
    tokenizer = tokenizer or make_tokenizer()
    return StableDiffusionXLImg2ImgPipeline(
        vae=parts.get("vae") or make_xl_autoencoder(),
        text_encoder=None,
        text_encoder_2=parts.get("text_encoder_2") or make_projected_encoder(tokenizer),
        tokenizer=None,
        tokenizer_2=tokenizer,
        unet=make_xl_unet(**{"width": 24, "sizes": 5, **parts.get("unet", {})}),
        scheduler=make_noise_schedule("epsilon"),
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )


def make_noise_schedule(prediction: str) -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        timestep_spacing="leading",
        prediction_type=prediction,
    )


@pytest.fixture(scope="session")
def make_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Tiny]:
    """Save a pipeline and open it."""

    def make(pipeline: Any, **options: Any) -> Tiny:
        path = tmp_path_factory.mktemp("families") / "tiny"
        pipeline.save_pretrained(path)
        return open_tiny(path, type(pipeline), **options)

    return make


@pytest.fixture(scope="session")
def base(make_tiny: Callable[..., Tiny]) -> Tiny:
    """SDXL's base, which predicts the noise."""
    return make_tiny(make_sdxl(), add_watermarker=False)


@pytest.fixture(scope="session")
def refiner(make_tiny: Callable[..., Tiny]) -> Tiny:
    """SDXL's refiner."""
    return make_tiny(make_refiner(), add_watermarker=False, requires_aesthetics_score=True)
