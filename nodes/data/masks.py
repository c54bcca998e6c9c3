"""The true masks of drawn pictures."""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.drawing.masks import Masked
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node


@node("data.masks", category="data", title="Masks of dataset", aliases=("Ground truth masks", "Segmentation"))
def masks(
    dataset: Dataset,
    first: Annotated[int, Field(ge=0)] = 0,
    count: Annotated[int, Field(ge=1, le=1024)] = 16,
    what: Masked = "foreground",
    number: Annotated[int, Field(ge=1, le=9)] = 1,
) -> Mask:
    """Tell where what the pictures of a dataset show is, to judge masks by or to train with.

    Nothing is guessed: what is drawn is known. Edges are as soft as those of the pictures, and what is hidden behind
    something else is left out.

    Inputs:
        dataset: drawn pictures. Those with thick outlines are masked without them.
        first: the index of the first picture, from 0.
        count: how many, 1 to 1024.
        what: ``foreground`` is all figures or all that stands in a landscape, ``thing`` one of them, ``ground`` the
            land or what is behind figures, ``sky`` with its sun or moon. What a picture has not has an empty mask.
        number: which ``thing``, from 1 in the order in which they are drawn: a later one hides an earlier one.

    Outputs:
        mask: in the order of the pictures.

    Errors: the dataset has not as many pictures, or they are not drawn.
    """
    if first + count > dataset.count:
        raise NodeError(
            f"pictures {first} to {first + count - 1} are wanted of a dataset of {dataset.count}",
            hint=f"Indices go from 0 to {dataset.count - 1}.",
        )
    reader = Reader(dataset)
    found = np.stack([reader.mask(index, what, number - 1) for index in range(first, first + count)])
    return Mask(torch.from_numpy(found).float() / 255)
