"""A drawn landscape with its true depth."""

from typing import Annotated, NamedTuple

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.drawing.relief import FOCAL, relief
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import sample_landscape
from graphengine.diffusion.types.depth import Camera, DepthMap
from graphengine.diffusion.types.image import Image
from graphengine.node.declare import node
from graphengine.types.builtin import Seed


class Landscape(NamedTuple):
    """A picture, how far away what it shows is, and the camera that saw it."""

    image: Image
    depth: DepthMap
    camera: Camera


@node("drawing.landscape", category="image/drawing", title="Drawn landscape")
def landscape(seed: Seed = Seed(0), size: Annotated[int, Field(ge=16, le=2048)] = 256) -> Landscape:
    """Draw a small landscape, with its depth: a scene to try depth and 3D on without any model.

    Nothing is guessed: the scene is laid out in space, with the eye 1.6 m above level ground, so the depth is the true
    one.

    Inputs:
        seed: which of the landscapes: ground, hour, house, tree, boat and mountains.
        size: side of the square picture, in pixels.

    Outputs:
        image: the picture.
        depth: in metres; mountains are 40 m away, the sky 80 m.
        camera: sees 53 degrees.
    """
    scene = sample_landscape(np.random.default_rng(seed))
    pixels = torch.from_numpy(render(scene, size).copy()).float()[None] / 255
    return Landscape(Image(pixels), DepthMap(torch.from_numpy(relief(scene, size))[None]), Camera(FOCAL))
