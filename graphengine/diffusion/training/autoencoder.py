"""The autoencoder of the embedded model: drawn pictures to latents eight times smaller along each side, and back."""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderTiny

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_scene
from graphengine.diffusion.training.reconstruction import Diet, ReconstructionTask

CHANNELS = 4
"""Channels of a latent."""

STRIDE = 8
"""Pixels per latent cell along each side."""

_MEASURE_SEED = 97


@dataclass(frozen=True, slots=True)
class AutoencoderRecipe:
    """Size and diet of the autoencoder.

    Attributes:
        width: channels of every convolution.
        blocks: residual blocks per resolution, finest first.
        size: side of the drawn pictures in pixels.
        crop: side of the training crops in pixels, a multiple of 8.
        batch: crops per step.
        noise: standard deviation of the noise on training latents (whose own is about one); it makes nearby
            latents decode alike, so that small errors of the denoiser stay small in the picture.
        bf16: compute in bfloat16 under autocast, weights stay fp32.
    """

    width: int = 32
    blocks: tuple[int, int, int, int] = (1, 3, 3, 3)
    size: int = 128
    crop: int = 64
    batch: int = 16
    noise: float = 0.05
    bf16: bool = True


def build_autoencoder(recipe: AutoencoderRecipe) -> AutoencoderTiny:
    """Build a fresh autoencoder with random weights; seed torch before for reproducible ones."""
    return AutoencoderTiny(
        latent_channels=CHANNELS,
        encoder_block_out_channels=(recipe.width,) * 4,
        decoder_block_out_channels=(recipe.width,) * 4,
        num_encoder_blocks=recipe.blocks,
        num_decoder_blocks=recipe.blocks[::-1],
    )


def autoencoder_task(recipe: AutoencoderRecipe, device: torch.device) -> ReconstructionTask:
    """Return the training of a fresh autoencoder on drawn pictures; seed torch before for a reproducible one."""
    vae = build_autoencoder(recipe).to(device, memory_format=torch.channels_last)
    rng = np.random.default_rng(_MEASURE_SEED)
    control = np.stack([render(sample_scene(rng), recipe.size) for _ in range(32)])
    diet = Diet(recipe.crop, recipe.batch, recipe.noise, bf16=recipe.bf16)
    return ReconstructionTask(vae, diet, lambda rng: render(sample_scene(rng), recipe.size), control, device)
