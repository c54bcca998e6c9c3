"""Stripes, dots and checks: which points of the picture have the second colour, and figures or grounds that have it."""

from typing import Final, assert_never

import numpy as np
from numpy.typing import NDArray

from graphengine.diffusion.drawing.heldout import is_held_out
from graphengine.diffusion.drawing.palette import COLOURS
from graphengine.diffusion.drawing.sample import place_one
from graphengine.diffusion.drawing.scene import SHAPES, WEAVES, Still, Texture, Weave

_REPEATS: Final = 10  # of stripes and dots across a picture; of checks half as many
_DOT = 0.32  # the radius of a dot, in distances from one to the next


def sample_textured(rng: np.random.Generator) -> Still:
    """Sample one figure of which it or the ground has a texture; never a held-out combination."""
    while True:
        shape = SHAPES[int(rng.integers(len(SHAPES)))]
        background, colour, second = (COLOURS[index] for index in rng.permutation(len(COLOURS))[:3])
        if not is_held_out(shape, colour, background):
            break
    texture = Texture(WEAVES[int(rng.integers(len(WEAVES)))], second)
    still = place_one(rng, shape, colour, background)
    if rng.random() < 0.5:
        return Still(background, still.figures, texture)
    return Still(background, tuple(each.textured(texture) for each in still.figures))


def woven(weave: Weave, side: int) -> NDArray[np.bool_]:
    """Return where a texture has its second colour, of shape [side, side]."""
    along = (np.arange(side) + 0.5) / side * _REPEATS
    x, y = along[None], along[:, None]
    match weave:
        case "striped":
            return np.broadcast_to(y % 1 < 0.5, (side, side))
        case "checked":
            return np.asarray((x % 2 < 1) ^ (y % 2 < 1))
        case "dotted":
            return np.asarray((x % 1 - 0.5) ** 2 + (y % 1 - 0.5) ** 2 < _DOT**2)
        case other:
            assert_never(other)
