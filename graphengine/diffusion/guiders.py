"""Other ways to make one prediction of two than classifier-free guidance."""

from functools import partial
from typing import Any, Final

import torch
from diffusers.guiders import MagnitudeAwareGuidance, TangentialClassifierFreeGuidance
from torch import Tensor

from graphengine.diffusion.guidance import Mix
from graphengine.diffusion.types.custom import GuiderKind

_SENSITIVE: Final = 8.0  # how much magnitude-aware guidance minds the size of a step, at most


def mix_of(kind: GuiderKind, scale: float, amount: float) -> Mix | None:
    """Return the formula called ``kind``; None is plain classifier-free guidance.

    Args:
        scale: of the guidance.
        amount: of what is special to the formula, 0 (nothing) to 1 (all).
    """
    match kind:
        case "cfg":
            return None
        case "cfg_rescale":
            return partial(_rescaled, scale, amount)
        case "cfg_zero_star":
            return partial(_zero_star, scale)
        case "apg":
            return partial(_projected, scale, amount)
        case "tcfg":  # tangential, Kwon et al. 2025
            return partial(_guided, TangentialClassifierFreeGuidance(scale))
        case "magnitude":  # MAMBO-G, arXiv 2508.03442
            return partial(_guided, MagnitudeAwareGuidance(scale, alpha=amount * _SENSITIVE))


def _guided(guider: Any, away: Tensor, towards: Tensor) -> Tensor:
    """Ask a guider of diffusers, which knows no steps and so counts in all of them; it measures whole pictures."""
    result: Tensor = guider.forward(towards.flatten(1), away.flatten(1)).pred
    return result.reshape_as(towards)


def _rescaled(scale: float, amount: float, away: Tensor, towards: Tensor) -> Tensor:
    """Give the result the contrast of the wanted prediction (Lin et al. 2024, section 3.4)."""
    guided = away + scale * (towards - away)
    sides = tuple(range(1, guided.ndim))
    equal = guided * towards.std(sides, keepdim=True) / guided.std(sides, keepdim=True).clamp_min(1e-8)
    return torch.lerp(guided, equal, amount)


def _zero_star(scale: float, away: Tensor, towards: Tensor) -> Tensor:
    """Scale the unwanted prediction to come nearest to the wanted one before (CFG-Zero*, Fan et al. 2025)."""
    sides = tuple(range(1, away.ndim))
    fit = (away * towards).sum(sides, keepdim=True) / away.square().sum(sides, keepdim=True).clamp_min(1e-8)
    return away * fit + scale * (towards - away * fit)


def _projected(scale: float, amount: float, away: Tensor, towards: Tensor) -> Tensor:
    """Weaken what only makes the prediction stronger (adaptive projected guidance, Sadat et al. 2025).

    The step is split into a part along the wanted prediction, of which 1 - ``amount`` is kept, and the rest.
    """
    sides = tuple(range(1, away.ndim))
    step = towards - away
    share = (step * towards).sum(sides, keepdim=True) / towards.square().sum(sides, keepdim=True).clamp_min(1e-8)
    return towards + (scale - 1) * (step - amount * share * towards)
