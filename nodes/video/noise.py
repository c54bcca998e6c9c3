"""Noise for the frames of a video."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.video.noise import MovingNoise
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.types.builtin import Seed


@node("video.warp_noise", category="video/diffusion", title="Noise along motion")
def warp_noise(latents: Iterable[Latent], frames: Iterable[Image], seed: Seed = Seed(0)) -> Iterator[Latent]:
    """Give the latents of a video noise that moves with what is seen, for video to video.

    A sampler starts from this noise instead of its own, so that what it invents sticks to the things and flickers less.
    Fresh noise comes only where something comes into sight.

    Inputs:
        latents: the encoded frames, or empty latents of their size, one by one.
        frames: the pictures whose motion is followed, as many.
        seed: of the noise; that of the sampler then counts only for samplers that add noise on their way.

    Errors: a latent is of another size than its frame, holds several pictures, or is of a model of videos; there are
    fewer frames than latents.

    Source: after Chang et al., How I Warped Your Noise (2024), and Burgert et al., Go-with-the-Flow (2025).
    """
    moving: MovingNoise | None = None
    pictures = iter(frames)
    for index, latent in enumerate(latents):
        frame = next(pictures, None)
        if frame is None:
            raise NodeError(
                f"there are latents without a frame, from number {index + 1} on", hint="Use the same video."
            )
        if latent.spec.time:
            raise NodeError(
                "the latent of a model of videos is a video as a whole, and takes no noise frame by frame",
                hint="Sample it with denoise below 1; its model knows what moves.",
            )
        moving = moving or MovingNoise(latent.spec.channels, latent.spec.stride, seed)
        noise = moving.follow(frame.pixels[0].numpy())
        if noise.shape != latent.samples.shape:
            raise NodeError(
                f"noise of {_shown(noise.shape)} does not fit a latent of {_shown(latent.samples.shape)}",
                hint="Encode the same frames, one picture at a time.",
            )
        yield replace(latent, noise=noise)


def _shown(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} × {shape[1]} channels × {shape[3]} × {shape[2]} cells"
