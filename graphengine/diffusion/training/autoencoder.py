"""Training the autoencoder: drawn pictures to latents eight times smaller along each side, and back."""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderTiny
from numpy.typing import NDArray
from torch import Tensor, nn

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_scene

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


def to_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures of shape (n, height, width, 3), 0-255, as fp32 of shape (n, 3, height, width) in [-1, 1]."""
    tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    return (tensor / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def to_pictures(tensor: Tensor) -> NDArray[np.uint8]:
    """Return the inverse of `to_tensor`, values outside [-1, 1] clipped."""
    scaled = (tensor.detach().float().clamp(-1, 1) + 1) * 127.5
    pictures: NDArray[np.uint8] = scaled.round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return pictures


def whole_psnr(pictures: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB over all pictures together; infinite when they are equal."""
    error = float(np.mean((pictures.astype(np.float64) - other) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


class AutoencoderTask:
    """Reconstruction of crops (see `graphengine.diffusion.training.loop.Task`)."""

    module: nn.Module

    def __init__(self, recipe: AutoencoderRecipe, device: torch.device) -> None:
        self._recipe, self._device = recipe, device
        self._vae = build_autoencoder(recipe).to(device, memory_format=torch.channels_last)
        self.module = self._vae
        rng = np.random.default_rng(_MEASURE_SEED)
        self._control = np.stack([render(sample_scene(rng), recipe.size) for _ in range(32)])

    def loss(self, rng: np.random.Generator) -> Tensor:
        """L1 + MSE between crop and reconstruction, and a soft pull of latents to zero mean and variance one.

        The absolute error keeps flat areas flat, the squared one pulls at the edges, where most error is.
        """
        recipe = self._recipe
        crops = to_tensor(np.stack([self._crop(rng) for _ in range(recipe.batch)])).to(self._device)
        noise = torch.randn(
            (recipe.batch, CHANNELS, recipe.crop // STRIDE, recipe.crop // STRIDE),
            generator=torch.Generator().manual_seed(int(rng.integers(2**62))),
        ).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=recipe.bf16):
            latents = self._vae.encode(crops).latents
            decoded = self._vae.decode(latents + recipe.noise * noise).sample
        difference = decoded.float() - crops
        spread, centre = torch.std_mean(latents.float(), dim=(0, 2, 3))
        moments = centre.square().mean() + spread.clamp_min(1e-4).log().square().mean()
        loss: Tensor = difference.abs().mean() + 2 * difference.square().mean() + 0.01 * moments
        return loss

    def measure(self) -> dict[str, float]:
        """PSNR (dB) of round trips of 32 whole pictures apart from training, and the latents' spread."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._recipe.bf16):
            latents = self._vae.encode(to_tensor(self._control).to(self._device)).latents
            decoded = self._vae.decode(latents).sample
        return {"psnr": whole_psnr(self._control, to_pictures(decoded)), "spread": latents.float().std().item()}

    def _crop(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Crop a fresh picture, more often at its middle, where the edges are."""
        picture = render(sample_scene(rng), self._recipe.size)
        room = self._recipe.size - self._recipe.crop
        x, y = ((rng.integers(0, room + 1, 2) + rng.integers(0, room + 1, 2)) // 2).tolist()
        return picture[y : y + self._recipe.crop, x : x + self._recipe.crop]
