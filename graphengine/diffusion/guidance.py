"""Guidance: several predictions made one. It wraps the denoiser; samplers never see it."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.errors import NodeError

Denoise = Callable[[Tensor, Tensor], Tensor]
"""From noisy latents [batch, channels, height, width] and a timestep to one prediction of the same shape."""


def classifier_free_guidance(
    family: Family,
    denoiser: Denoiser,
    positive: Conditioning,
    negative: Conditioning,
    *,
    scale: float,
    batch: int,
    beside: Tensor | None,
) -> Denoise:
    """Push predictions away from the negative conditioning (Ho & Salimans 2022).

    prediction = negative + scale · (positive - negative), both from one forward of the network. At scale 1 that is the
    positive prediction and the negative one is not computed; nor is it for models that take the scale as an input.
    ``batch`` and ``beside`` are as for :meth:`~graphengine.diffusion.families.family.Family.begin`.

    Raises:
        NodeError: a conditioning is of another family.
    """
    for conditioning in (positive, negative):
        if conditioning.family != family.name:
            raise NodeError(
                f"the text was encoded for {conditioning.family!r}, the model is of {family.name!r}",
                hint="Encode the text with the text encoder of the same model.",
            )
    alone = scale == 1 or denoiser.takes_guidance
    against = () if alone else negative.entries
    predict = family.begin(denoiser, (*against, *positive.entries), batch=batch, guidance=scale, beside=beside)

    def denoise(latents: Tensor, timestep: Tensor) -> Tensor:
        rows = predict(latents, timestep)
        wanted = _mean(rows[len(against) :], positive.entries)
        if not against:
            return wanted
        unwanted = _mean(rows[: len(against)], against)
        return unwanted + scale * (wanted - unwanted)

    return denoise


def _mean(rows: Tensor, entries: Sequence[ConditioningEntry]) -> Tensor:
    """Average predictions of shape [entries, batch, …] by the strengths of their entries."""
    if len(entries) == 1:
        return rows[0]
    strengths = torch.tensor([entry.strength for entry in entries], device=rows.device)
    return torch.einsum("e,e...->...", strengths / strengths.sum(), rows)
