"""Training the denoiser and its text encoder together, on cached latents.

The network predicts the velocity v = alpha * noise - sigma * x0 (Salimans & Ho 2022), whose target has unit
variance at every noise level. Losses are weighted by min-SNR (Hang et al. 2023), captions are dropped at
random so that the model also learns the unconditional distribution (Ho & Salimans 2022), and a batch's
timesteps are spread evenly (Kingma et al. 2021), which lowers the gradient's variance.
"""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from graphengine.diffusion.drawing.caption import caption
from graphengine.diffusion.training.autoencoder import CHANNELS, STRIDE
from graphengine.diffusion.training.latents import LatentCache
from graphengine.diffusion.training.objective import Levels, Objective
from graphengine.diffusion.training.tokenizer import MAX_TOKENS

TIMESTEPS = 1000
"""Noise levels of the training schedule."""


@dataclass(frozen=True, slots=True)
class DenoiserRecipe:
    """Size and diet of the denoiser.

    Attributes:
        channels: channels of the three resolutions, finest first; attention runs at the two coarser ones.
        heads: attention heads of the denoiser.
        text_width: width of the text encoder and of the cross-attention.
        text_layers: layers of the text encoder.
        size: side of the pictures in pixels.
        batch: latents per step.
        drop: share of captions replaced by the empty one.
        snr_cap: largest signal-to-noise ratio that adds weight (min-SNR's gamma); None: all levels alike.
        control: latents at the cache's end that are measured on, never trained on.
        bf16: compute in bfloat16 under autocast, weights stay fp32.
    """

    channels: tuple[int, int, int] = (96, 128, 128)
    heads: int = 4
    text_width: int = 128
    text_layers: int = 2
    size: int = 128
    batch: int = 32
    drop: float = 0.1
    snr_cap: float | None = 5.0
    control: int = 256
    bf16: bool = True


def build_scheduler() -> DDIMScheduler:
    """Build the noise schedule of Stable Diffusion with v-prediction; sampling starts at the noisiest."""
    return DDIMScheduler(
        num_train_timesteps=TIMESTEPS,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="v_prediction",
        timestep_spacing="trailing",
    )


def build_unet(recipe: DenoiserRecipe) -> UNet2DConditionModel:
    """Build a fresh denoiser for latents of shape (n, 4, size / 8, size / 8)."""
    unet = UNet2DConditionModel(
        sample_size=recipe.size // STRIDE,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        block_out_channels=recipe.channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=recipe.text_width,
        attention_head_dim=recipe.heads,
        norm_num_groups=16,
    )
    # The fused attention's backward pass takes half of a training step on CPUs; the plain one a tenth.
    unet.set_attn_processor(AttnProcessor())
    return unet


def build_text_encoder(recipe: DenoiserRecipe, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Build a fresh text encoder for the tokenizer's vocabulary."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.text_width,
        intermediate_size=4 * recipe.text_width,
        projection_dim=recipe.text_width,
        num_hidden_layers=recipe.text_layers,
        num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    encoder = CLIPTextModel(config)
    encoder.set_attn_implementation("eager")  # for the reason above
    return encoder


@dataclass(frozen=True, slots=True)
class _Batch:
    """Clean latents, their token ids, and the noise added to each."""

    latents: Tensor
    tokens: Tensor
    noise: Tensor
    levels: Levels


class DenoiserTask:
    """Velocity prediction on cached latents (see `graphengine.diffusion.training.loop.Task`)."""

    module: nn.Module

    def __init__(
        self, recipe: DenoiserRecipe, cache: LatentCache, tokenizer: CLIPTokenizer, device: torch.device
    ) -> None:
        self._recipe, self._cache, self._tokenizer, self._device = recipe, cache, tokenizer, device
        self.unet = build_unet(recipe).to(device)
        self.text_encoder = build_text_encoder(recipe, tokenizer).to(device)
        self.module = nn.ModuleDict({"unet": self.unet, "text_encoder": self.text_encoder})
        self._objective = Objective("v_prediction", build_scheduler().config, device)
        self._trained = len(cache.scenes) - recipe.control

    def loss(self, rng: np.random.Generator) -> Tensor:
        """Compute the weighted squared error of the predicted velocity on one random batch."""
        indices = rng.integers(0, self._trained, self._recipe.batch)
        batch = self._batch(indices, rng, self._recipe.drop)
        weighted: Tensor = self._error(batch) * self._objective.weights(batch.levels, self._recipe.snr_cap or 0)
        return weighted.mean()

    def measure(self) -> dict[str, float]:
        """Compute the error on the control latents, always with the same captions, noise and timesteps."""
        indices = np.arange(self._trained, len(self._cache.scenes))
        return {"control": self._error(self._batch(indices, np.random.default_rng(0), 0.0)).mean().item()}

    def _batch(self, indices: NDArray[np.int64], rng: np.random.Generator, drop: float) -> _Batch:
        """Return the latents of those indices, freshly captioned and noised."""
        scenes = [self._cache.scenes[i] for i in indices.tolist()]
        texts = ["" if rng.random() < drop else caption(scene, rng) for scene in scenes]
        tokens = self._tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        latents = self._cache.latents[torch.from_numpy(indices)]
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(latents.shape, generator=generator)
        levels = self._objective.levels(len(scenes), generator)
        return _Batch(latents.to(self._device), tokens.to(self._device), noise.to(self._device), levels)

    def _error(self, batch: _Batch) -> Tensor:
        """Squared error of the velocity, averaged within each picture: shape (n,)."""
        noisy = batch.levels.mixed(batch.latents, batch.noise)
        velocity = self._objective.target(batch.levels, batch.latents, batch.noise)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._recipe.bf16):
            states = self.text_encoder(batch.tokens).last_hidden_state
            predicted = self.unet(noisy, batch.levels.timesteps, states).sample
        error: Tensor = (predicted.float() - velocity).square().mean(dim=(1, 2, 3))
        return error
