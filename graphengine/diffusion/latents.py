"""Making and marking latents."""

from dataclasses import replace

import torch

from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent, LatentSpec
from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import NodeError


def empty_latent(model: ModelRef, width: int, height: int, batch: int = 1, frames: int = 1) -> Latent:
    """Make latents of zeros in the form that ``model`` wants, for pictures of ``width`` x ``height`` pixels.

    Args:
        frames: of each video, for models of videos; of one frame is a picture.

    Raises:
        NodeError: a side, or the number of frames, is none that the model can make.
    """
    spec = model.latent
    if width % spec.step or height % spec.step or min(width, height, batch) < 1:
        raise NodeError(
            f"{width} x {height} pixels cannot be sampled: the sides must be multiples of {spec.step}",
            hint=f"Take {_nearest(width, spec.step)} x {_nearest(height, spec.step)}.",
        )
    time = (cells_in_time(spec, frames),) if spec.time else ()
    if frames != 1 and not time:
        raise NodeError(f"the model makes pictures, no videos of {frames} frames", hint="Load a model of videos.")
    samples = torch.zeros(batch, spec.channels, *time, height // spec.stride, width // spec.stride)
    return Latent(samples, model.family, spec)


def cells_in_time(spec: LatentSpec, frames: int) -> int:
    """Return how many cells in time a video of so many frames is.

    Raises:
        NodeError: no whole number of them.
    """
    cells = spec.cells(frames)
    if cells is None:
        fewer = max(1, spec.pictures(1 + (frames - 1) // spec.time))
        raise NodeError(
            f"a video of {frames} frames does not divide: there must be one, and any number of {spec.time} more",
            hint=f"Take {fewer} or {fewer + spec.time} frames.",
        )
    return cells


def with_mask(latent: Latent, mask: Mask | None, *, differential: bool = False) -> Latent:
    """Return ``latent`` with sampling bound to where ``mask`` is 1; None frees it.

    Args:
        differential: soft values say when a cell begins to change, see :class:`Latent`.
    """
    return replace(latent, mask=mask, differential=differential and mask is not None)


def _nearest(side: int, step: int) -> int:
    return max(step, round(side / step) * step)
