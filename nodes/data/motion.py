"""Drawn pictures that move."""

from collections.abc import Iterator
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.drawing.moving import moving
from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.style import in_style
from graphengine.diffusion.types.dataset import Dataset, Drawn
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.types.builtin import Seed


@node("data.motion", category="data", title="Motion of dataset", aliases=("Animate drawn picture",))
def motion(
    dataset: Dataset,
    index: Annotated[int, Field(ge=0)] = 0,
    frames: Annotated[int, Field(ge=1, le=10_000)] = 16,
    seed: Seed = Seed(0),
) -> Iterator[Image]:
    """Let what a drawn picture shows move, frame by frame, to try on it what follows or makes motion.

    Each figure or face goes straight on, up to 2 % of a side from frame to frame, and turns round where it would leave
    the picture. In a landscape boats and the sun or moon go to a side; the rest stands still.

    Inputs:
        dataset: drawn pictures that are not augmented.
        index: which picture, from 0; it is the first frame.
        frames: how many there are.
        seed: another one lets them go other ways.

    Errors: the dataset has not as many pictures, or they are not drawn, or are varied.
    """
    if index >= dataset.count:
        raise NodeError(
            f"picture {index} is wanted of a dataset of {dataset.count}",
            hint=f"Indices go from 0 to {dataset.count - 1}.",
        )
    if dataset.augmentation is not None:
        raise NodeError("variants of pictures do not move", hint="Link the dataset as it was before.")
    scene = Reader(dataset).scene(index)
    style = dataset.source.style if isinstance(dataset.source, Drawn) else "flat"
    for each in moving(scene, frames, np.random.default_rng((seed, index))):
        pixels = in_style(render(each, dataset.size), style)
        yield Image(torch.from_numpy(pixels.copy()).float()[None] / 255)
