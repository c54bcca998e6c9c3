"""Blend modes: how a colour of a layer changes the colour below it.

The formulas are those of W3C, Compositing and Blending Level 1 (2024), section 10, and those that image editors have
beside them. Each takes colours in 0..1 of shape [..., 3], below and above, and returns such.
"""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import torch
from torch import Tensor

BlendMode = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "soft_light",
    "difference",
    "add",
    "hard_light",
    "darken",
    "lighten",
    "colour_dodge",
    "colour_burn",
    "exclusion",
    "subtract",
    "divide",
    "linear_burn",
    "linear_light",
    "vivid_light",
    "pin_light",
    "hue",
    "saturation",
    "colour",
    "luminosity",
]
"""``add`` is "plus lighter", also called linear dodge; ``hue`` to ``luminosity`` look at all three channels at once."""

BLEND_MODES: tuple[BlendMode, ...] = get_args(BlendMode)

_LUM = (0.3, 0.59, 0.11)  # the weights of section 10.3
_TINY = 1e-6


def blended(mode: BlendMode, below: Tensor, above: Tensor) -> Tensor:
    """Return the colours that ``mode`` makes of those below and above, not mixed with either."""
    return _MODES[mode](below, above)


def _hard_light(below: Tensor, above: Tensor) -> Tensor:
    return torch.where(above <= 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above))


def _soft_light(below: Tensor, above: Tensor) -> Tensor:
    curve = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.sqrt())
    darker = below - (1 - 2 * above) * below * (1 - below)
    return torch.where(above <= 0.5, darker, below + (2 * above - 1) * (curve - below))


def _dodge(below: Tensor, above: Tensor) -> Tensor:
    bright = torch.where(above >= 1, 1.0, (below / (1 - above).clamp_min(_TINY)).clamp_max(1))
    return torch.where(below <= 0, 0.0, bright)


def _burn(below: Tensor, above: Tensor) -> Tensor:
    dark = torch.where(above <= 0, 0.0, 1 - ((1 - below) / above.clamp_min(_TINY)).clamp_max(1))
    return torch.where(below >= 1, 1.0, dark)


def _vivid_light(below: Tensor, above: Tensor) -> Tensor:
    return torch.where(above <= 0.5, _burn(below, 2 * above), _dodge(below, 2 * above - 1))


def _pin_light(below: Tensor, above: Tensor) -> Tensor:
    return torch.where(above <= 0.5, torch.minimum(below, 2 * above), torch.maximum(below, 2 * above - 1))


def _divide(below: Tensor, above: Tensor) -> Tensor:
    return (below / above.clamp_min(_TINY)).clamp_max(1)


def _lum(colours: Tensor) -> Tensor:
    return (colours @ torch.tensor(_LUM)).unsqueeze(-1)


def _sat(colours: Tensor) -> Tensor:
    return colours.amax(-1, keepdim=True) - colours.amin(-1, keepdim=True)


def _with_lum(colours: Tensor, lum: Tensor) -> Tensor:
    """Move colours to a luminosity, and those that leave 0..1 towards grey until they fit (``SetLum``)."""
    moved = colours + (lum - _lum(colours))
    least, most, level = moved.amin(-1, keepdim=True), moved.amax(-1, keepdim=True), _lum(moved)
    moved = torch.where(least < 0, level + (moved - level) * level / (level - least).clamp_min(_TINY), moved)
    return torch.where(most > 1, level + (moved - level) * (1 - level) / (most - level).clamp_min(_TINY), moved)


def _with_sat(colours: Tensor, sat: Tensor) -> Tensor:
    """Stretch colours so that their channels span ``sat``, the least being 0 (``SetSat``)."""
    return (colours - colours.amin(-1, keepdim=True)) / _sat(colours).clamp_min(_TINY) * sat


_MODES: Mapping[BlendMode, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": lambda _, above: above,
    "multiply": torch.mul,
    "screen": lambda below, above: below + above - below * above,
    "overlay": lambda below, above: _hard_light(above, below),
    "soft_light": _soft_light,
    "difference": lambda below, above: (below - above).abs(),
    "add": lambda below, above: (below + above).clamp_max(1),
    "hard_light": _hard_light,
    "darken": torch.minimum,
    "lighten": torch.maximum,
    "colour_dodge": _dodge,
    "colour_burn": _burn,
    "exclusion": lambda below, above: below + above - 2 * below * above,
    "subtract": lambda below, above: (below - above).clamp_min(0),
    "divide": _divide,
    "linear_burn": lambda below, above: (below + above - 1).clamp_min(0),
    "linear_light": lambda below, above: (below + 2 * above - 1).clamp(0, 1),
    "vivid_light": _vivid_light,
    "pin_light": _pin_light,
    "hue": lambda below, above: _with_lum(_with_sat(above, _sat(below)), _lum(below)),
    "saturation": lambda below, above: _with_lum(_with_sat(below, _sat(above)), _lum(below)),
    "colour": lambda below, above: _with_lum(above, _lum(below)),
    "luminosity": lambda below, above: _with_lum(below, _lum(above)),
}
