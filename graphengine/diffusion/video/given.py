"""Frames of a video that are given, as models take them that make a video of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from graphengine.diffusion.loaded import Frames
from graphengine.diffusion.types.latent import GivenFrames, Latent, LatentSpec
from graphengine.errors import NodeError

Taken = Callable[[Tensor], Tensor]
"""From noisy latents [batch, channels, frames, height, width] to what the denoiser takes."""


def taken_by(frames: Frames, latent: Latent, device: torch.device) -> Taken:
    """Return how a denoiser takes latents together with the frames that are given.

    - ``beside``: channels follow that mark the given frames, and then their latents (Wan Team 2025, section 5.1).
    - ``held``: the latents of given frames stand in the place of noise.

    Raises:
        NodeError: there are frames, and it takes none, or the other way round, or not these.
    """
    given = latent.given
    if given is None:
        if frames == "beside":
            raise NodeError(
                "the model makes a video of a picture, and none was given",
                hint="Give the latent its first frame with First and last frame.",
            )
        return lambda noisy: noisy
    if frames == "none":
        raise NodeError(
            "the model makes videos of texts alone, and the latent has frames that are given",
            hint="Choose a model of image to video, or an empty latent.",
        )
    latents = given.latents.to(device)
    if frames == "held":
        free = 1 - held(given, latent.spec, latents.shape[2]).to(latents).reshape(1, 1, -1, 1, 1)
        return lambda noisy: (1 - free) * latents + free * noisy
    marks = marked(given, latent.spec, latents.shape[2]).to(latents)
    beside = torch.cat([marks.expand(len(latents), -1, -1, *latents.shape[3:]), latents], dim=1)
    return lambda noisy: torch.cat([noisy, beside.expand(len(noisy), -1, -1, -1, -1)], dim=1)


def marked(given: GivenFrames, spec: LatentSpec, cells: int) -> Tensor:
    """Return 1 where a frame is given and 0 elsewhere: [1, frames per cell, cells, 1, 1].

    The first cell is one frame, which counts for all.
    """
    frames = torch.zeros(spec.pictures(cells))
    frames[list(given.frames)] = 1
    whole = torch.cat([frames[:1].expand(spec.time), frames[1:]])
    return whole.reshape(1, cells, spec.time, 1, 1).transpose(1, 2)


def held(given: GivenFrames, spec: LatentSpec, cells: int) -> Tensor:
    """Return which cells in time are given, as booleans [cells].

    Raises:
        NodeError: of a cell a part is.
    """
    marks = marked(given, spec, cells)[0, :, :, 0, 0]
    whole, some = marks.amin(0) > 0, marks.amax(0) > 0
    if not torch.equal(whole, some):
        raise NodeError(
            f"the model takes given frames as the {spec.time} of a cell in time alone, after the first",
            hint="Give it a first frame, or a beginning of one frame and a multiple of "
            f"{spec.time} more, and no last frame.",
        )
    return whole
