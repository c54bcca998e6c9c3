"""Tiny models of the larger families, saved as folders and opened by us and by diffusers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLWan,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from tiny_models import NEGATIVE, PROMPT, as_file, make_text_encoder, make_tokenizer, make_unet
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModel,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

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

    @property
    def positive(self) -> Conditioning:
        return self.text(PROMPT)

    @property
    def negative(self) -> Conditioning:
        return self.text(NEGATIVE)

    def empty(self, batch: int = 1, width: int = SIDE, height: int = SIDE, frames: int = 1) -> Latent:
        assert self.checkpoint.model is not None
        return empty_latent(self.checkpoint.model, width, height, batch, frames)

    def pipeline(self, kind: Any = None, sampler: SamplerName | None = None, **options: Any) -> Any:
        """What diffusers makes of the folder, anew, with a sampler of ours."""
        parts = self.kind.from_pretrained(self.path, local_files_only=True, **self.options).components
        given = {name: each for name, each in parts.items() if each is not None or name in NONE}
        made = (kind or self.kind)(**{**given, **self.options})
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


def make_t5_tokenizer() -> T5Tokenizer:
    letters = "abcdefghijklmnopqrstuvwxyz,():.0123456789"
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((letter, -3.0) for letter in letters)]
    return T5Tokenizer(vocab=[*pieces, ("▁red", -1.5)], extra_ids=0, model_max_length=512)


def make_t5(tokenizer: Any) -> T5EncoderModel:
    config = T5Config(vocab_size=len(tokenizer), d_model=40, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
    return T5EncoderModel(config)


def make_flow_autoencoder() -> AutoencoderKL:
    return make_xl_autoencoder(
        16, scaling_factor=0.36, shift_factor=0.11, use_quant_conv=False, use_post_quant_conv=False
    )


def make_flux(*, guidance: bool = True, channels: int = 64) -> Any:
    """Make a pipeline of Flux.1: dev takes the guidance scale, schnell does not."""
    torch.manual_seed(0)
    clip, t5 = make_tokenizer(), make_t5_tokenizer()
    schedule = {"shift": 3.0, "use_dynamic_shifting": True} if guidance else {"shift": 1.0}
    return FluxPipeline(
        transformer=FluxTransformer2DModel(
            in_channels=channels,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=40,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
            guidance_embeds=guidance,
        ),
        vae=make_flow_autoencoder(),
        text_encoder=make_text_encoder(clip),
        tokenizer=clip,
        text_encoder_2=make_t5(t5),
        tokenizer_2=t5,
        scheduler=FlowMatchEulerDiscreteScheduler(**schedule),
    )


def make_sd3(*, t5: bool = True, tokenizers: tuple[Any, Any] | None = None, **parts: Any) -> Any:
    """Make a pipeline of SD 3, with T5 or without."""
    torch.manual_seed(0)
    clip, big = tokenizers or (make_tokenizer(), make_tokenizer())
    third = make_t5_tokenizer()
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=8,
            in_channels=16,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=40,
            caption_projection_dim=32,
            pooled_projection_dim=parts.get("pooled", 40),
            out_channels=16,
            pos_embed_max_size=16,
        ),
        vae=make_flow_autoencoder(),
        text_encoder=parts.get("first") or make_projected_encoder(clip, 16),
        tokenizer=clip,
        text_encoder_2=parts.get("second") or make_projected_encoder(big, 20),
        tokenizer_2=big,
        text_encoder_3=make_t5(third) if t5 else None,
        tokenizer_3=third if t5 else None,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def make_wan_transformer(**changes: Any) -> Any:
    settings = {"in_channels": 16, "out_channels": 16, "text_dim": 40, "freq_dim": 32, "ffn_dim": 32}
    sizes = {"num_attention_heads": 2, "attention_head_dim": 12, "num_layers": 2, "rope_max_seq_len": 32}
    return WanTransformer3DModel(**{**settings, **sizes, **changes})


def make_wan(*, channels: int = 16, vae: Any = None, kind: Any = WanPipeline, **parts: Any) -> Any:
    """Make a pipeline of Wan's text to video."""
    torch.manual_seed(0)
    tokenizer = make_t5_tokenizer()
    config = UMT5Config(vocab_size=len(tokenizer), d_model=40, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
    out = 16 if vae is None else channels
    return kind(
        transformer=parts.pop("transformer", None) or make_wan_transformer(in_channels=channels, out_channels=out),
        vae=vae or AutoencoderKLWan(base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
        text_encoder=UMT5EncoderModel(config),
        tokenizer=tokenizer,
        scheduler=UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        **parts,
    )


def make_wan_i2v(*, looks: bool = True, places: int | None = None, **parts: Any) -> Any:
    """Make a pipeline of Wan's image to video; that of 2.1 looks at the picture through an encoder.

    Args:
        places: of the parts of a first and a last frame, where it is trained with both.
    """
    torch.manual_seed(1)
    sight = {"image_dim": 32, "added_kv_proj_dim": 24, "pos_embed_seq_len": places} if looks else {}
    transformer = make_wan_transformer(in_channels=36, **sight)
    if places:
        torch.nn.init.normal_(transformer.condition_embedder.image_embedder.pos_embed)
    if looks:
        sizes = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 3, "num_attention_heads": 4}
        encoder = CLIPVisionModel(CLIPVisionConfig(image_size=32, patch_size=16, projection_dim=32, **sizes))
        parts["image_encoder"] = encoder.eval()
        parts["image_processor"] = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32)
    return make_wan(transformer=transformer, kind=WanImageToVideoPipeline, **parts)


def make_wan_22() -> Any:
    """Make one of Wan 2.2's 5B, whose autoencoder takes patches of pixels."""
    torch.manual_seed(0)
    vae = AutoencoderKLWan(
        base_dim=3,
        z_dim=48,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        latents_mean=torch.linspace(-1, 1, 48).tolist(),
        latents_std=torch.linspace(0.5, 2, 48).tolist(),
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_spatial=16,
    )
    return make_wan(channels=48, vae=vae, expand_timesteps=True)


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


@pytest.fixture(scope="session")
def dev(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Flux.1 that takes the guidance scale."""
    return make_tiny(make_flux())


@pytest.fixture(scope="session")
def schnell(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Flux.1 that does not."""
    return make_tiny(make_flux(guidance=False))


@pytest.fixture(scope="session")
def third(make_tiny: Callable[..., Tiny]) -> Tiny:
    """SD 3 with T5."""
    return make_tiny(make_sd3())


@pytest.fixture(scope="session")
def wan(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Wan's text to video."""
    return make_tiny(make_wan())
