"""Latents: pictures as a diffusion model sees them."""

from dataclasses import dataclass

from torch import Tensor

from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.tensors import TensorValue, require


@dataclass(frozen=True, slots=True)
class LatentSpec:
    """The form of a model's latents.

    Attributes:
        channels: values per latent cell.
        stride: pixels per latent cell along each side.
        patch: cells along each side that the denoiser takes as one; there must be a whole number of them.
        time: frames of a video per cell in time, but for the first cell, which is one frame; 0 is no video.
    """

    channels: int = 4
    stride: int = 8
    patch: int = 1
    time: int = 0

    @property
    def step(self) -> int:
        """Pixels of which the sides of a picture must be multiples."""
        return self.stride * self.patch

    def __str__(self) -> str:
        frames = f" and {self.time} frames" if self.time else ""
        return f"{self.channels} channels, one cell per {self.stride} pixels{frames}"

    def pictures(self, cells: int) -> int:
        """Return how many frames so many cells in time are, from 1."""
        return 1 + (cells - 1) * self.time

    def cells(self, pictures: int) -> int | None:
        """Return how many cells in time so many frames are; None where that is no whole number."""
        cells, rest = divmod(pictures - 1, self.time)
        return None if rest or pictures < 1 else cells + 1


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Latent(TensorValue):
    """A batch of latents of one size, of pictures or of videos, normalised as the denoiser of their family sees them.

    Attributes:
        samples: fp32 of shape [batch, channels, height, width], in latent cells, of about unit variance; of videos,
            [batch, channels, frames, height, width].
        family: the family of models that understands them.
        spec: the form.
        mask: where sampling may change them (1) and where not (0), at any size; None is everywhere.
        differential: what a soft mask means: when a cell begins to change (the larger its value, the earlier), and not
            how much of old and new is mixed in every step.
        surroundings: what stays, encoded with nothing where the mask is: fp32 in the shape of ``samples``. Models
            trained for inpainting look at it; others do not need it.
        noise: what sampling starts from instead of noise drawn by its seed: fp32 in the shape of ``samples``, of unit
            variance.

    Raises:
        ValueError: the shape or the type is another.
    """

    samples: Tensor
    family: str
    spec: LatentSpec
    mask: Mask | None = None
    surroundings: Tensor | None = None
    differential: bool = False
    noise: Tensor | None = None

    def __post_init__(self) -> None:
        sides = (None, None, None) if self.spec.time else (None, None)
        require(self.samples, "a latent", None, self.spec.channels, *sides)
        if self.surroundings is not None:
            require(self.surroundings, "the surroundings of a latent", *self.samples.shape)
        if self.noise is not None:
            require(self.noise, "the noise of a latent", *self.samples.shape)

    @property
    def batch(self) -> int:
        """How many pictures it stands for, or videos."""
        return self.samples.shape[0]

    @property
    def pictures(self) -> int:
        """How many pictures are decoded from it: all frames of all videos."""
        return self.batch * self.spec.pictures(self.samples.shape[2]) if self.spec.time else self.batch

    @property
    def planes(self) -> Tensor:
        """The samples as pictures, [planes, channels, height, width]: a cell in time of a video is one."""
        return self.samples.transpose(1, 2).flatten(0, 1) if self.spec.time else self.samples
