"""The combinations that are never trained on.

Whether a model composes what it learnt, or only remembers it, shows on combinations that it has never seen.
"""

from functools import cache

import numpy as np

from graphengine.diffusion.drawing.palette import COLOURS, Colour
from graphengine.diffusion.drawing.scene import SHAPES, Shape

HELD_OUT_COUNT = 64

_SEED = 20240229


@cache
def held_out_combinations() -> tuple[tuple[Shape, Colour, Colour], ...]:
    """Return the 64 held-out (shape, colour, background) triples of 540, always the same ones."""
    every = [(s, c, b) for s in SHAPES for c in COLOURS for b in COLOURS if c != b]
    order = np.random.default_rng(_SEED).permutation(len(every))
    return tuple(every[i] for i in order[:HELD_OUT_COUNT])


def is_held_out(shape: Shape, colour: Colour, background: Colour) -> bool:
    """Whether training must not see this one-figure picture."""
    return (shape, colour, background) in held_out_combinations()
