"""Between frames and latents of videos, step by step: memory does not depend on how long a video is."""

from collections.abc import Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.latents import cells_in_time
from graphengine.diffusion.loaded import Autoencoder
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.vae import check_kind, check_size, to_image, to_pixels
from graphengine.diffusion.video.autoencoder import VideoAutoencoder
from graphengine.errors import NodeError


def encode_frames(pool: ModelPool, vae: VaeRef, frames: Iterable[Image]) -> Latent:
    """Encode frames that come one by one, or in batches, to the latent of one video.

    Raises:
        NodeError: the autoencoder is not one of videos, there is no frame, their sizes differ or do not divide, or
            their number does not.
        OutOfMemory: there is no room.
    """
    with pool.use(vae) as found, torch.no_grad(), memory_guard("encoding a video"):
        autoencoder = of_videos(found)
        source = _Frames(frames, autoencoder.spec.step)
        cells = autoencoder.encode_steps(source.steps(autoencoder.time))
        cells_in_time(autoencoder.spec, source.count)
        return Latent(cells.contiguous(), vae.family, autoencoder.spec)


def decode_frames(pool: ModelPool, vae: VaeRef, latent: Latent) -> Iterator[Image]:
    """Yield the frames of a video one by one; of several videos one after the other.

    Raises:
        NodeError: the autoencoder is not one of videos, or not the latent's.
        OutOfMemory: there is no room.
    """
    with pool.use(vae) as found:
        autoencoder = of_videos(found)
        check_kind(vae, autoencoder, latent)
        for index in range(latent.batch):
            steps = autoencoder.decoding(latent.samples[index : index + 1])
            while (pixels := _next(steps)) is not None:
                yield from (Image(each.unsqueeze(0)) for each in to_image(pixels).pixels)


def _next(steps: Iterator[Tensor]) -> Tensor | None:
    """Make a step; whoever takes the frames between two of them finds torch as it was."""
    with torch.no_grad(), memory_guard("decoding a video"):
        return next(steps, None)


def of_videos(autoencoder: Autoencoder) -> VideoAutoencoder:
    """Return an autoencoder if it is one of videos.

    Raises:
        NodeError: it is one of pictures.
    """
    if not isinstance(autoencoder, VideoAutoencoder):
        raise NodeError(
            "the VAE is one of pictures, not of videos", hint="Encode or decode the pictures one by one with it."
        )
    return autoencoder


class _Frames:
    """Frames of one size, counted as they come."""

    def __init__(self, frames: Iterable[Image], step: int) -> None:
        self._frames, self._step = iter(frames), step
        self._size: tuple[int, int] | None = None
        self.count = 0

    def steps(self, time: int) -> Iterator[Tensor]:
        """Yield pixels [1, 3, frames, height, width]: of the first frame, then of ``time`` at once."""
        single = self._single()
        first = next(single, None)
        if first is None:
            raise NodeError("there is no frame to encode", hint="Link the frames of a video.")
        yield first
        while several := list(islice(single, time)):
            if len(several) == time:  # what is less is too little for a step, and refused when it is counted
                yield torch.cat(several, dim=2)

    def _single(self) -> Iterator[Tensor]:
        for image in self._frames:
            self._check(image)
            for pixels in to_pixels(image):
                self.count += 1
                yield pixels[None, :, None]

    def _check(self, image: Image) -> None:
        size = (image.width, image.height)
        if self._size is None:
            check_size(image, self._step)
            self._size = size
        elif size != self._size:
            raise NodeError(
                f"frame {self.count + 1} is {image.width} x {image.height} pixels, "
                f"those before are {self._size[0]} x {self._size[1]}",
                hint="Resize the frames to one size.",
            )
