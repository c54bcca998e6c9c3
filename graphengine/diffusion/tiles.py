"""Applying a function to a large tensor in overlapping tiles, so that memory depends on the tile."""

from collections.abc import Callable, Iterable, Iterator, Sequence
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
        source: [batch, channels, height, width], or with further axes between channels and height.
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


def tile_count(height: int, width: int, size: int, overlap: int) -> int:
    """Return how many tiles :func:`tiled` makes of a picture."""
    return len(_starts(height, size, overlap)) * len(_starts(width, size, overlap))


def cut(source: Tensor, size: int, overlap: int) -> Iterator[Tensor]:
    """Give the tiles of ``source`` [batch, channels, height, width], row by row, as :func:`tiled` sees them.

    Raises:
        ValueError: size and overlap are impossible.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"tiles of {size} cannot overlap by {overlap}")
    rows, columns = (_starts(length, size, overlap) for length in source.shape[-2:])
    return (source[..., top : top + size, left : left + size] for top, left in product(rows, columns))


def joined(tiles: Iterable[Tensor], height: int, width: int, size: int, overlap: int, scale: Fraction) -> Tensor:
    """Blend what was made of the tiles of a source into one.

    Args:
        tiles: of each tile what was made of it, [batch, channels, height, width], in the order of :func:`cut`.
        height, width: of the source.
        size, overlap: with which it was cut.
        scale: cells of the result per cell of the source, along each side.

    Raises:
        ValueError: there are not as many tiles, or they have not the size that they should have.
    """
    rows, columns = _starts(height, size, overlap), _starts(width, size, overlap)
    down, across = _weights(rows, height, size, overlap, scale), _weights(columns, width, size, overlap, scale)
    places = product(zip(rows, down, strict=True), zip(columns, across, strict=True))
    result: Tensor | None = None
    for tile, ((top, vertical), (left, horizontal)) in zip(tiles, places, strict=True):
        if tile.shape[-2:] != (len(vertical), len(horizontal)):
            raise ValueError(
                f"a tile has {tile.shape[-1]} × {tile.shape[-2]} cells, not {len(horizontal)} × {len(vertical)}"
            )
        if result is None:
            result = tile.new_zeros((*tile.shape[:-2], int(height * scale), int(width * scale)))
        y, x = int(top * scale), int(left * scale)
        area = (..., slice(y, y + tile.shape[-2]), slice(x, x + tile.shape[-1]))
        result[area] += tile * torch.outer(vertical, horizontal).to(tile)
    if result is None:
        raise AssertionError("every source has a tile")
    return result


def _tiled(source: Tensor, function: Callable[[Tensor], Tensor], size: int, overlap: int, scale: Fraction) -> Tensor:
    height, width = source.shape[-2:]
    if tile_count(height, width, size, overlap) == 1:
        return function(source)
    return joined(map(function, cut(source, size, overlap)), height, width, size, overlap, scale)


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
