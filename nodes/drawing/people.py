"""Drawn people."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.drawing.people import people as drawn
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.types.builtin import Seed


@node("drawing.people", category="image/drawing", title="Drawn people")
def people(
    seed: Seed = Seed(0),
    size: Annotated[int, Field(ge=64, le=2048)] = 256,
    count: Annotated[int, Field(ge=1, le=9)] = 2,
) -> Image:
    """Draw people with simple faces, to try on them what looks for faces.

    Inputs:
        seed: how they look, and where they are.
        size: side of the square picture, in pixels.
        count: how many people.
    """
    return Image(torch.from_numpy(drawn(np.random.default_rng(seed), size, count).copy()).float()[None] / 255)
