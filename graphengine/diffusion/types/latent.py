"""Latents: pictures as a diffusion model sees them."""

from dataclasses import dataclass, replace

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
class GivenFrames(TensorValue):
    """Frames of a video that are given; what is between them shall be made.

    Attributes:
        latents: the video encoded with grey where no frame is given, normalised: fp32 of shape [1, channels, frames,
            height, width], or with a row for each video of a batch.
        frames: the numbers of those that are given, from 0, in their order.
        seen: what an encoder of pictures sees in them, for models that look at that: fp32 of shape [1, pictures,
            tokens, width], or with a row for each video.

    Raises:
        ValueError: a shape or a type is another, or no frame is given.
    """

    latents: Tensor
    frames: tuple[int, ...]
    seen: Tensor | None = None

    def __post_init__(self) -> None:
        require(self.latents, "given frames", None, None, None, None, None)
        if self.seen is not None:
            require(self.seen, "what is seen in given frames", None, None, None, None)
        if not self.frames or min(self.frames) < 0:
            raise ValueError(f"these are no numbers of frames: {self.frames}")

    def part(self, rows: slice) -> "GivenFrames":
        """Return what belongs to some videos of a batch."""
        latents, seen = self.latents, self.seen
        return replace(
            self,
            latents=latents if latents.shape[0] == 1 else latents[rows],
            seen=seen if seen is None or seen.shape[0] == 1 else seen[rows],
        )

    def repeated(self, count: int) -> "GivenFrames":
        """Return what belongs to a batch that is ``count`` times this one."""
        latents, seen = self.latents, self.seen
        return replace(
            self,
            latents=latents if latents.shape[0] == 1 else latents.repeat(count, 1, 1, 1, 1),
            seen=seen if seen is None or seen.shape[0] == 1 else seen.repeat(count, 1, 1, 1),
        )


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
        given: frames of a video that are given, for models that make a video of them.

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
    given: GivenFrames | None = None

    def __post_init__(self) -> None:
        sides = (None, None, None) if self.spec.time else (None, None)
        require(self.samples, "a latent", None, self.spec.channels, *sides)
        if self.surroundings is not None:
            require(self.surroundings, "the surroundings of a latent", *self.samples.shape)
        if self.noise is not None:
            require(self.noise, "the noise of a latent", *self.samples.shape)
        if self.given is not None:
            self._check(self.given)

    def _check(self, given: GivenFrames) -> None:
        rows = given.latents.shape[0]
        require(given.latents, "the given frames of a latent", rows, *self.samples.shape[1:])
        if {rows, 1 if given.seen is None else given.seen.shape[0]} - {1, self.batch}:
            raise ValueError(f"the given frames of {rows} videos do not fit a batch of {self.batch}")
        if given.frames[-1] >= self.spec.pictures(self.samples.shape[2]):
            raise ValueError(f"a frame {given.frames[-1]} is given, which the video does not have")

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
