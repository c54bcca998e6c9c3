"""What ControlNets are shown of the pictures of a dataset."""

from dataclasses import replace
from typing import Annotated

import torch
from pydantic import Field

from graphengine.diffusion.hints import hints_of
from graphengine.diffusion.types.dataset import Dataset, Hint
from graphengine.diffusion.types.image import Image
from graphengine.errors import NodeError
from graphengine.node.declare import node


@node("data.hints", category="data", title="Dataset with hints", lane="io")
def hints(dataset: Dataset, hint: Hint = "depth", pictures: Dataset | None = None) -> Dataset:
    """Give each picture of a dataset a hint: what a ControlNet shall be shown of it.

    Inputs:
        dataset: the pictures.
        hint: ``depth`` is the true one of drawn landscapes, white is nearest, even in 1/distance; ``edges`` are those
            of any pictures, white on black, as Canny edges finds them; ``mask`` is where the figures or things of
            drawn pictures are, white on black.
        pictures: hints of your own, instead, such as masks: one for each picture, in the same order and size. Those of
            an augmented dataset are for the pictures as they were, and varied as these are.

    Outputs:
        dataset: the pictures with their hints.

    Errors: there are not as many pictures as hints, or they have another size.
    """
    if pictures is None:
        return replace(dataset, hints=hint)
    count = dataset.augmentation.originals if dataset.augmentation else dataset.count
    if (pictures.count, pictures.size) != (count, dataset.size):
        raise NodeError(
            f"{pictures.count} hints of {pictures.size} pixels do not suit {count} pictures of {dataset.size}",
            hint="Give one for each picture, in the same order and size.",
        )
    return replace(dataset, hints=pictures.source)


@node("data.look_hints", category="data", title="Look at hints")
def look_hints(
    dataset: Dataset, first: Annotated[int, Field(ge=0)] = 0, count: Annotated[int, Field(ge=1, le=1024)] = 16
) -> Image:
    """Take the hints of pictures out of a dataset, to look at them or to draw by them.

    Inputs:
        dataset: one with hints.
        first: the index of the first, from 0.
        count: how many, 1 to 1024.

    Outputs:
        image: the hints, as a batch.

    Errors: the dataset has no hints or not as many pictures, or what its hints show is not known.
    """
    if first + count > dataset.count:
        raise NodeError(
            f"hints {first} to {first + count - 1} are wanted of a dataset of {dataset.count}",
            hint=f"Indices go from 0 to {dataset.count - 1}.",
        )
    made = hints_of(dataset)
    return Image(torch.cat([made(index) for index in range(first, first + count)]).permute(0, 2, 3, 1).contiguous())
