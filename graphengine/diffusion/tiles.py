"""Applying a function to a large tensor in overlapping tiles, so that memory depends on the tile."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

import torch
from torch import Tensor

_MARGIN = Fraction(1, 3)  # of an overlap: what lies at the edge of a tile, and knows too little of what is beside it


def tiled(source: Tensor, function: Callable[[Tensor], Tensor], size: int, overlap: int, scale: Fraction) -> Tensor:
    """Apply ``function`` to square tiles of ``source``, one by one, and blend what comes back where tiles overlap.

    The outer third of an overlap is thrown away on either side: there a network sees the edge of the tile. Over the
    middle third each tile fades in linearly as the other fades out. At the edges of the source nothing fades.

    Args:
        source: [batch, channels, height, width].
        function: from a tile of one batch item to one ``scale`` times as large along each side, of any number of
            channels.
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
    items = (source[index : index + 1] for index in range(len(source)))
    return torch.cat([_tiled(item, function, size, overlap, scale) for item in items])


def _tiled(source: Tensor, function: Callable[[Tensor], Tensor], size: int, overlap: int, scale: Fraction) -> Tensor:
    height, width = source.shape[-2:]
    rows, columns = _starts(height, size, overlap), _starts(width, size, overlap)
    if len(rows) == len(columns) == 1:
        return function(source)
    result: Tensor | None = None
    down, across = (
        _weights(starts, length, size, overlap, scale) for starts, length in ((rows, height), (columns, width))
    )
    for (top, vertical), (left, horizontal) in product(zip(rows, down, strict=True), zip(columns, across, strict=True)):
        tile = function(source[..., top : top + size, left : left + size])
        if result is None:
            result = tile.new_zeros((*tile.shape[:2], int(height * scale), int(width * scale)))
        y, x = int(top * scale), int(left * scale)
        area = (..., slice(y, y + tile.shape[-2]), slice(x, x + tile.shape[-1]))
        result[area] += tile * torch.outer(vertical, horizontal).to(tile)
    if result is None:
        raise AssertionError("every source has a tile")
    return result


def _starts(length: int, size: int, overlap: int) -> list[int]:
    """Return where tiles begin so that they cover ``length``, the last one ending with it."""
    last = max(0, length - size)
    return [*range(0, last, size - overlap), last]


def _weights(starts: Sequence[int], length: int, size: int, overlap: int, scale: Fraction) -> list[Tensor]:
    """Return for each tile along one side the weights of its cells in the result; those of one place sum to 1."""
    side, shared, total = (int(each * scale) for each in (min(size, length), overlap, length))
    begins = [int(start * scale) for start in starts]
    places = torch.arange(side)
    weights = []
    for begin in begins:
        weight = torch.ones(side)
        if begin > 0:
            weight = weight.minimum(_rise(places, shared))
        if begin + side < total:
            weight = weight.minimum(_rise(side - 1 - places, shared))
        weights.append(weight)
    sums = torch.zeros(total)
    for begin, weight in zip(begins, weights, strict=True):
        sums[begin : begin + side] += weight
    return [weight / sums[begin : begin + side] for begin, weight in zip(begins, weights, strict=True)]


def _rise(distance: Tensor, shared: int) -> Tensor:
    """Return the weight at a distance from the edge of a tile, in cells of the result from 0."""
    margin = int(shared * _MARGIN)
    return ((distance + 1 - margin) / (shared - 2 * margin + 1)).clamp(0.0, 1.0)
