"""Autoencoders of videos, which are causal in time: a frame is made of those before it, and of none after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import WanCausalConv3d, patchify, unpatchify
from torch import Tensor, nn

from graphengine.diffusion.loaded import Autoencoder
from graphengine.diffusion.types.latent import LatentSpec


@dataclass(frozen=True)
class VideoAutoencoder(Autoencoder):
    """That of Wan (Wan Team 2025, section 4.1).

    It goes along a video in steps: the first frame, then as many as a cell in time has. What a step must know of those
    before is kept here, and not in the module, so that several may use that at once, and videos of any length take the
    memory of one step.

    Attributes:
        time: frames per cell in time.
        between: whether denoisers take a video with grey between the frames that are given, and not these alone.
    """

    scale: Tensor
    shift: Tensor
    time: int = 4
    between: bool = True

    @property
    def spec(self) -> LatentSpec:
        """The form of its latents."""
        return LatentSpec(self.module.config.z_dim, self.stride, self.patch, self.time)

    def decode(self, latents: Tensor) -> Tensor:
        """Return the pixels [batch, 3, frames, height, width] of latents, from -1 to 1."""
        return torch.cat(list(self.decoding(latents)), dim=2)

    def encode(self, pixels: Tensor) -> Tensor:
        """Return the latents of pixels [batch, 3, frames, height, width] from -1 to 1, of which it takes the mode."""
        first, *rest = torch.split(pixels[:, :, 1:], self.time, dim=2)
        steps = [pixels[:, :, :1], *([first, *rest] if first.shape[2] else [])]
        return self.encode_steps(steps)

    def decoding(self, latents: Tensor) -> Iterator[Tensor]:
        """Decode latents step by step: one frame, then as many at a time as a cell has."""
        values = self._near(latents)
        cells = self.module.post_quant_conv(values / self._like(self.scale, values) + self._like(self.shift, values))
        decoder, patch = self.module.decoder, self.module.config.patch_size
        kept = _memory(decoder)
        for index in range(cells.shape[2]):
            part = cells[:, :, index : index + 1]
            pixels: Tensor = decoder(part, feat_cache=kept, feat_idx=[0], first_chunk=index == 0)
            whole = pixels if patch is None else unpatchify(pixels, patch)
            yield whole.clamp(-1, 1).float().cpu()

    def encode_steps(self, steps: Iterable[Tensor]) -> Tensor:
        """Encode a video whose pixels come step by step, as those of :meth:`decoding` do."""
        encoder, patch = self.module.encoder, self.module.config.patch_size
        kept, cells = _memory(encoder), []
        for pixels in steps:
            values = self._near(pixels)
            part = values if patch is None else patchify(values, patch)
            cells.append(encoder(part, feat_cache=kept, feat_idx=[0]))
        mode: Tensor = self.module.quant_conv(torch.cat(cells, dim=2)).chunk(2, dim=1)[0]
        return ((mode - self._like(self.shift, mode)) * self._like(self.scale, mode)).float().cpu()

    @staticmethod
    def _like(values: Tensor, other: Tensor) -> Tensor:
        return values.to(other).reshape(1, -1, 1, 1, 1)


def _memory(coder: nn.Module) -> list[Any]:
    """Return the place for what a coder's convolutions must know of the steps before."""
    return [None] * sum(isinstance(each, WanCausalConv3d) for each in coder.modules())
