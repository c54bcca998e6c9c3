"""Where things are in a drawn picture: true masks, as soft at their edges as the picture is."""

from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graphengine.diffusion.drawing.layers import Layers, layers
from graphengine.diffusion.drawing.render import SUPERSAMPLING
from graphengine.diffusion.drawing.scene import Scene

Masked = Literal["foreground", "thing", "ground", "mountains", "sky"]
"""What a mask shows: all figures or things, one of them, or what is behind them."""


def mask(scene: Scene, size: int, masked: Masked = "foreground", number: int = 0) -> NDArray[np.uint8]:
    """Return how much of each pixel of the picture of a scene belongs to something, where nothing before it hides it.

    Args:
        scene: what is drawn.
        size: the side of the picture, at least 1.
        masked: what is wanted. The ground is the land of a landscape and the plain ground of figures, and its light
            belongs to the sky.
        number: which ``thing``, from 0 in the order in which they are drawn: a later one hides an earlier one.

    Returns:
        Array of shape (size, size): 255 where it alone is seen, 0 where it is not, and everywhere if there is none.

    Raises:
        ValueError: if ``size`` is not positive.
    """
    chosen = _chosen(layers(scene, size), masked, number)
    return np.asarray(Image.fromarray(chosen.astype(np.uint8) * 255).reduce(SUPERSAMPLING))


def _chosen(found: Layers, masked: Masked, number: int) -> NDArray[np.bool_]:
    match masked:
        case "foreground":
            return found.is_("thing")
        case "thing":
            one: NDArray[np.bool_] = found.is_("thing") & (found.number == number)
            return one
        case "ground" | "mountains" | "sky":
            return found.is_(masked)
        case other:
            assert_never(other)
