"""Applying a function to a large tensor in overlapping tiles, so that memory depends on the tile."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product

import torch
from torch import Tensor


def tiled(source: Tensor, function: Callable[[Tensor], Tensor], size: int, overlap: int, scale: Fraction) -> Tensor:
    """Apply ``function`` to square tiles of ``source`` and blend what comes back where tiles overlap.

    The blend is linear: over an overlap each tile fades in as the other fades out.

    Args:
        source: [batch, channels, height, width].
        function: from a tile to one ``scale`` times as large along each side, of any number of channels.
        size: side of a tile, in cells of the source; tiles at the far edges are moved inward, not made smaller.
        overlap: cells that neighbours share, from 0 and below ``size``.
        scale: cells of the result per cell of the source, along each side.

    Returns:
        [batch, channels of the function, scale · height, scale · width].

    Raises:
        ValueError: size and overlap are impossible.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"tiles of {size} cannot overlap by {overlap}")
    height, width = source.shape[-2:]
    rows, columns = _starts(height, size, overlap), _starts(width, size, overlap)
    if len(rows) == len(columns) == 1:
        return function(source)
    result = weight = torch.zeros((), dtype=source.dtype)
    for top, left in product(rows, columns):
        tile = function(source[..., top : top + size, left : left + size])
        if not result.ndim:
            shape = (*tile.shape[:2], int(height * scale), int(width * scale))
            result, weight = tile.new_zeros(shape), tile.new_zeros(shape[-2:])
        y, x = int(top * scale), int(left * scale)
        area = (..., slice(y, y + tile.shape[-2]), slice(x, x + tile.shape[-1]))
        fade = _fade(tile, int(overlap * scale))
        result[area] += tile * fade
        weight[area] += fade
    return result / weight


def _starts(length: int, size: int, overlap: int) -> list[int]:
    """Return where tiles begin so that they cover ``length``, the last one ending with it."""
    last = max(0, length - size)
    return [*range(0, last, size - overlap), last]


def _fade(tile: Tensor, overlap: int) -> Tensor:
    """Return the weight of each place in a tile: 1 inside, falling over ``overlap`` at the edges."""
    height, width = tile.shape[-2:]
    return torch.outer(_ramp(height, overlap), _ramp(width, overlap)).to(tile)


def _ramp(length: int, overlap: int) -> Tensor:
    distance = torch.minimum(torch.arange(1, length + 1), torch.arange(length, 0, -1))
    return (distance / (overlap + 1)).clamp(max=1.0)
