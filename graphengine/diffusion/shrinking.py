"""How a call is made smaller that found no room: each time about half of what it was."""

_LARGEST_TILE = 512
_SMALLEST_TILE = 64  # pixels; below it there is more overlap than picture
_OVERLAP = 64  # of neighbours, in pixels: what lies further away changes a decoded pixel by less than one can see


def tile_for(smaller: int, width: int, height: int) -> int | None:
    """Return the side of the tiles in pixels for a picture of ``width`` x ``height``; None is no tiles.

    At first none, then those of at most half the longer side and 512 pixels, and each further time half of these, down
    to 64.

    Args:
        smaller: how often the call found no room.
    """
    if smaller == 0:
        return None
    first = min(_LARGEST_TILE, -(-max(width, height) // 2))
    return max(_SMALLEST_TILE, first >> (smaller - 1))


def halved(side: int, smaller: int) -> int:
    """Return half the side of a tile for each time that the call found no room, but no less than 64 pixels of it."""
    return max(min(side, _SMALLEST_TILE), side >> smaller)


def overlap_for(tile: int) -> int:
    """Return the pixels that neighbouring tiles of a side share so that no seam is seen."""
    return min(_OVERLAP, tile * 3 // 4)


def chunk_for(smaller: int, batch: int) -> int | None:
    """Return how many pictures of a batch are made at once; None is all of them.

    At first all, and each further time half as many, down to one.

    Args:
        smaller: how often the call found no room.
    """
    return None if smaller == 0 else max(1, batch >> smaller)
