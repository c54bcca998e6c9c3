"""The true depth of drawn pictures."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.depth import DepthMap
from graphengine.errors import NodeError
from graphengine.node.declare import node


@node("data.depth", category="data", title="Depth of dataset", aliases=("Ground truth depth",))
def depth(
    dataset: Dataset, first: Annotated[int, Field(ge=0)] = 0, count: Annotated[int, Field(ge=1, le=1024)] = 16
) -> DepthMap:
    """Tell how far away what the pictures of a dataset show is, to judge depth models by.

    Inputs:
        dataset: drawn landscapes: they are laid out in space, so that their depth is true.
        first: the index of the first picture, from 0.
        count: how many, 1 to 1024.

    Outputs:
        depth: in metres, in the order of the pictures; mountains are 40 m away, the sky 80 m.

    Errors: the dataset has not as many pictures, or one of them is no drawn landscape.
    """
    if first + count > dataset.count:
        raise NodeError(
            f"pictures {first} to {first + count - 1} are wanted of a dataset of {dataset.count}",
            hint=f"Indices go from 0 to {dataset.count - 1}.",
        )
    reader = Reader(dataset)
    return DepthMap(torch.from_numpy(np.stack([reader.depth(index) for index in range(first, first + count)])))
