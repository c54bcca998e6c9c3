"""Training an autoencoder: pictures to latents and back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Part = Literal["decoder", "encoder and decoder"]
"""What of an autoencoder is trained."""

_DECODES = {"decoder", "post_quant_conv"}


@dataclass(frozen=True, slots=True)
class Diet:
    """What an autoencoder learns from, and how.

    Attributes:
        crop: side of the training crops in pixels, a multiple of the stride.
        batch: crops per step.
        noise: standard deviation of the noise on training latents; it makes nearby latents decode alike, so that small
            errors of a denoiser stay small in the picture.
        pull: how much the latents are pulled to zero mean and variance one.
        decoder_alone: whether the encoder stays as it is, and with it what denoisers know as latents.
        bf16: compute in bfloat16 under autocast, weights stay fp32.
    """

    crop: int = 64
    batch: int = 16
    noise: float = 0.05
    pull: float = 0.01
    decoder_alone: bool = False
    bf16: bool = False


Picture = Callable[[np.random.Generator], NDArray[np.uint8]]
"""Draws a training picture, of shape [height, width, 3]."""


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


class ReconstructionTask:
    """Reconstruction of crops (see :class:`graphengine.diffusion.training.loop.Task`).

    Args:
        vae: an autoencoder of diffusers; it is changed. What an encoder says of its own doubts is not trained: here, as
            wherever pictures are encoded, the mode counts.
        diet: what it learns from.
        picture: draws training pictures, at least as large as a crop.
        control: pictures to measure on, of shape [n, height, width, 3].
        device: where to compute.
    """

    module: nn.Module

    def __init__(
        self, vae: Any, diet: Diet, picture: Picture, control: NDArray[np.uint8], device: torch.device
    ) -> None:
        self.vae, self._diet, self._picture, self._device = vae, diet, picture, device
        self._control = control
        trained = {name: each for name, each in vae.named_children() if not diet.decoder_alone or name in _DECODES}
        vae.requires_grad_(False)
        self.module = nn.ModuleDict(trained).requires_grad_(True)

    def loss(self, rng: np.random.Generator) -> Tensor:
        """L1 + MSE between crop and reconstruction, and a soft pull of latents to zero mean and variance one.

        The absolute error keeps flat areas flat, the squared one pulls at the edges, where most error is.
        """
        diet = self._diet
        crops = to_tensor(np.stack([self._crop(rng) for _ in range(diet.batch)])).to(self._device)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        with torch.autocast(self._device.type, torch.bfloat16, enabled=diet.bf16):
            latents = self._encoded(crops)
            noise = torch.randn(latents.shape, generator=generator).to(self._device)
            decoded = self.vae.decode(latents + diet.noise * noise).sample
        difference = decoded.float() - crops
        spread, centre = torch.std_mean(latents.float(), dim=(0, 2, 3))
        moments = centre.square().mean() + spread.clamp_min(1e-4).log().square().mean()
        loss: Tensor = difference.abs().mean() + 2 * difference.square().mean() + diet.pull * moments
        return loss

    def measure(self) -> dict[str, float]:
        """PSNR (dB) of round trips of whole pictures apart from training, and the latents' spread."""
        latents, back = self._round_trip(self._control)
        return {"psnr": whole_psnr(self._control, back), "spread": latents.float().std().item()}

    def samples(self, count: int) -> NDArray[np.uint8]:
        """Return some pictures apart from training, each above what comes back of it."""
        shown = self._control[:count]
        return np.concatenate([shown, self._round_trip(shown)[1]], axis=1)

    def _round_trip(self, pictures: NDArray[np.uint8]) -> tuple[Tensor, NDArray[np.uint8]]:
        with torch.no_grad(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._diet.bf16):
            latents = self._encoded(to_tensor(pictures).to(self._device))
            return latents, to_pictures(self.vae.decode(latents).sample)

    def _encoded(self, pictures: Tensor) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self._diet.decoder_alone):
            told = self.vae.encode(pictures)
        latents: Tensor = told.latents if hasattr(told, "latents") else told.latent_dist.mode()
        return latents

    def _crop(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Crop a fresh picture, more often at its middle, where the edges are."""
        picture, side = self._picture(rng), self._diet.crop
        room = picture.shape[0] - side
        x, y = ((rng.integers(0, room + 1, 2) + rng.integers(0, room + 1, 2)) // 2).tolist()
        return picture[y : y + side, x : x + side]
