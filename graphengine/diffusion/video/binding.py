"""Binding a video to frames that are given: where an image becomes a video."""

from collections.abc import Iterator
from dataclasses import replace

import torch

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.image_encoders import seen_in
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.latent import GivenFrames, Latent
from graphengine.diffusion.types.refs import ImageEncoderRef, VaeRef
from graphengine.diffusion.vae import check_kind
from graphengine.diffusion.video.coding import encode_frames, of_videos
from graphengine.errors import NodeError


def bound(
    pool: ModelPool,
    vae: VaeRef,
    latent: Latent,
    first: Image,
    last: Image | None = None,
    encoder: ImageEncoderRef | None = None,
) -> Latent:
    """Return a latent whose first frames are given, and perhaps its last ones.

    The video is encoded with grey in between, frame by frame, where models take it so.

    Args:
        first, last: the pictures of a batch are frames that follow each other.
        encoder: looks at the first of all and at the last of all.

    Raises:
        NodeError: the latent is of pictures, the frames have other sides, or there are more than the video has.
        OutOfMemory: there is no room.
    """
    if not latent.spec.time:
        raise NodeError("the latent is of pictures, not of a video", hint="Link an Empty video latent.")
    count = latent.spec.pictures(latent.samples.shape[2])
    ends = [first] if last is None else [first, last]
    _check(latent, ends, count)
    with pool.use(vae) as autoencoder:
        check_kind(vae, autoencoder, latent)
        alone = not of_videos(autoencoder).between and last is None and latent.spec.cells(first.batch) is not None
    frames = [first] if alone else _grey_between(first, last, count)
    encoded = torch.zeros(1, *latent.samples.shape[1:])
    found = encode_frames(pool, vae, frames).samples
    encoded[:, :, : found.shape[2]] = found
    numbers = (*range(first.batch), *range(count - (0 if last is None else last.batch), count))
    seen = None if encoder is None else _seen(pool, encoder, ends)
    return replace(latent, given=GivenFrames(encoded, numbers, seen))


def _check(latent: Latent, ends: list[Image], count: int) -> None:
    height, width = (side * latent.spec.stride for side in latent.samples.shape[-2:])
    for image in ends:
        if (image.height, image.width) != (height, width):
            raise NodeError(
                f"a frame of {image.width} x {image.height} pixels does not fit a video of {width} x {height}",
                hint=f"Resize or crop it to {width} x {height}.",
            )
    if (given := sum(each.batch for each in ends)) > count:
        raise NodeError(f"{given} frames are given, and the video has {count}", hint="Make the video longer.")


def _grey_between(first: Image, last: Image | None, count: int) -> Iterator[Image]:
    yield first
    grey = Image(torch.full((1, first.height, first.width, 3), 0.5))  # zero to an encoder
    for _ in range(count - first.batch - (0 if last is None else last.batch)):
        yield grey
    if last is not None:
        yield last


def _seen(pool: ModelPool, encoder: ImageEncoderRef, ends: list[Image]) -> torch.Tensor:
    pictures = [Image(ends[0].pixels[:1]), *(Image(each.pixels[-1:]) for each in ends[1:])]
    with pool.use(encoder) as loaded, torch.no_grad(), memory_guard("looking at a picture"):
        return seen_in(loaded, pictures).unsqueeze(0)
