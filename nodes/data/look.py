"""What is in a dataset."""

from typing import Annotated, NamedTuple

import torch
from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node


class Shown(NamedTuple):
    """Pictures, and what they show."""

    image: Image
    captions: list[str]
    tags: list[str]


@node("data.look", category="data", title="Look into dataset")
def look(
    dataset: Dataset, first: Annotated[int, Field(ge=0)] = 0, count: Annotated[int, Field(ge=1, le=1024)] = 16
) -> Shown:
    """Take pictures out of a dataset, to look at them or to judge by them.

    Inputs:
        dataset: where from.
        first: the index of the first, from 0.
        count: how many, 1 to 1024.

    Outputs:
        image: the pictures, as a batch.
        captions: what they show, in the same order.
        tags: the same as single facts with commas between, such as ``red circle, blue background``; of one's own
            pictures the words of the captions.

    Errors: the dataset has not as many pictures, or a file cannot be read.
    """
    if first + count > dataset.count:
        raise NodeError(
            f"pictures {first} to {first + count - 1} are wanted of a dataset of {dataset.count}",
            hint=f"Indices go from 0 to {dataset.count - 1}.",
        )
    reader = Reader(dataset)
    pixels = torch.from_numpy(reader.stack(first, count)).float() / 255
    indices = range(first, first + count)
    tags = [", ".join(sorted(reader.tags(index))) for index in indices]
    return Shown(Image(pixels), [reader.caption(index) for index in indices], tags)
