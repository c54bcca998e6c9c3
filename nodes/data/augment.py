"""Variants of pictures."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.types.dataset import Augmentation, Dataset, Drawn
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.types.builtin import Seed

Change = Annotated[float, Field(ge=0, le=1)]


@node(
    "data.augment",
    category="data",
    title="Augment dataset",
    lane="io",
    aliases=("Data augmentation", "Flip", "Random crop", "Colour jitter"),
)
def augment(
    dataset: Dataset,
    variants: Annotated[int, Field(ge=2, le=1_000_000)] = 8,
    mirror: Change = 0.5,
    crop: Annotated[float, Field(ge=0.25, le=1)] = 0.9,
    angle: Annotated[float, Field(ge=0, le=45)] = 5.0,
    brightness: Change = 0.1,
    contrast: Change = 0.1,
    saturation: Change = 0.1,
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0,
    seed: Seed = Seed(0),
) -> Dataset:
    """Vary the pictures of a dataset, so that a model learns more from few of them.

    Nothing is made here: a variant is made when it is wanted. The dataset becomes ``variants`` times as large. Its
    first pictures are those that were given, as they are; all that follow are varied, each as the seed and its index
    say. Trainings choose among all of them, and so see a picture otherwise each time; latents are kept within a bound
    of 256 MiB, which few variants fit into, and many do not. Hints, true depth, masks and hints of one's own are
    mirrored, rotated and cut as their pictures are; edges are found in the variant. Depth stays in metres.

    What captions say stays true of left and right: those of drawn pictures get ``left`` and ``right`` exchanged when
    they are mirrored, and so do their tags. Pictures of one's own whose caption names a side (``left``, ``rightmost``,
    ``clockwise`` …) are never mirrored, but are varied in all other ways; that is known of English alone. Of the rest
    you must take care: lettering is mirrored too, and what is cut off is not to be seen.

    Inputs:
        dataset: the pictures. Split it before: variants of one picture belong on one side.
        variants: how many times as large it becomes; 1,000,000 is a new one nearly each time.
        mirror: the share of variants that are turned left to right.
        crop: the least share of a side that is kept, 0.25 to 1; how much it is, and where it lies, is chosen anew.
        angle: the largest angle by which they are rotated, in degrees, to either side; no corner is left empty.
        brightness, contrast, saturation: how much they change at most: 0.1 is to between 90 and 110 %.
        hue: how far colours turn at most, to either side: 0.5 is to any other. It must be 0 for drawn pictures.
        seed: another one varies them otherwise.

    Outputs:
        dataset: the pictures and their variants, with captions and hints.

    Errors: it is augmented already, or colours would not be those that captions of drawn pictures name.

    Source: Shorten & Khoshgoftaar, A Survey on Image Data Augmentation for Deep Learning (2019).
    """
    if dataset.augmentation is not None:
        raise NodeError("the dataset is augmented already", hint="Vary its pictures in one node.")
    if hue and isinstance(dataset.source, Drawn):
        raise NodeError("the captions of drawn pictures name colours", hint="Let hue be 0.")
    varied = Augmentation(dataset.count, seed, mirror, crop, angle, brightness, contrast, saturation, hue)
    return replace(dataset, count=dataset.count * variants, augmentation=varied)
