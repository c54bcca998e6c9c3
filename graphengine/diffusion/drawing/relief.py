"""How far away each pixel of a drawn landscape is: its true depth, for the scene is laid out in space.

The eye stands 1.6 m above level ground and sees the horizon at its height. Ground lies where a ray from the eye meets
it; things stand upright where their feet touch it; mountains, then the sky with its light, are far away.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphengine.diffusion.drawing.landscape import HORIZON
from graphengine.diffusion.drawing.layers import Layer, layers
from graphengine.diffusion.drawing.render import SUPERSAMPLING
from graphengine.diffusion.drawing.scene import Landscape

FOCAL = 1.0
"""The focal length of the eye, in sides of the picture: a field of view of 53 degrees."""

EYE = 1.6
MOUNTAINS = 40.0
SKY = 80.0

_MIDDLE = slice(SUPERSAMPLING // 2, None, SUPERSAMPLING)  # of each pixel: distances are not mixed


def relief(scene: Landscape, size: int = 128) -> NDArray[np.float32]:
    """Return the distance of each pixel along the axis, in metres: (size, size), above 0.

    Raises:
        ValueError: if ``size`` is not positive.
    """
    found = layers(scene, size)
    ground = distance_of_ground((np.arange(size) + 0.5) / size)[:, None]
    things = distance_of_ground(np.array(found.feet or [1.0]))[found.number[_MIDDLE, _MIDDLE]]
    chosen: Sequence[Layer] = ("ground", "thing", "mountains")
    away = np.select([found.is_(each)[_MIDDLE, _MIDDLE] for each in chosen], [ground, things, MOUNTAINS], SKY)
    depth: NDArray[np.float32] = np.minimum(away, SKY).astype(np.float32)
    return depth


def distance_of_ground(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the ground is at a height in the picture, in metres; as far as the mountains above the horizon."""
    below = np.maximum(row - HORIZON, EYE * FOCAL / MOUNTAINS)
    away: NDArray[np.float64] = EYE * FOCAL / below
    return away
