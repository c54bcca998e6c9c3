"""Making and marking latents."""

from dataclasses import replace

import torch

from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.latent import Latent
from graphengine.diffusion.types.refs import ModelRef
from graphengine.errors import NodeError


def empty_latent(model: ModelRef, width: int, height: int, batch: int = 1) -> Latent:
    """Make latents of zeros in the form that ``model`` wants, for pictures of ``width`` x ``height`` pixels.

    Raises:
        NodeError: a side is no multiple of what the model needs.
    """
    spec = model.latent
    if width % spec.step or height % spec.step or min(width, height, batch) < 1:
        raise NodeError(
            f"{width} x {height} pixels cannot be sampled: the sides must be multiples of {spec.step}",
            hint=f"Take {_nearest(width, spec.step)} x {_nearest(height, spec.step)}.",
        )
    samples = torch.zeros(batch, spec.channels, height // spec.stride, width // spec.stride)
    return Latent(samples, model.family, spec)


def with_mask(latent: Latent, mask: Mask | None, *, differential: bool = False) -> Latent:
    """Return ``latent`` with sampling bound to where ``mask`` is 1; None frees it.

    Args:
        differential: soft values say when a cell begins to change, see :class:`Latent`.
    """
    return replace(latent, mask=mask, differential=differential and mask is not None)


def _nearest(side: int, step: int) -> int:
    return max(step, round(side / step) * step)
