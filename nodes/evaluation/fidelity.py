"""Whether pictures show what was asked for."""

from typing import Annotated, NamedTuple

import numpy as np
import torch
from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.evaluation.drawn import checks, shares
from graphengine.diffusion.evaluation.perception import told_tags
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.declare import injected, node
from nodes.evaluation.perception import open_tagger, seen


class Fidelity(NamedTuple):
    """How much of what was asked for is there."""

    value: float
    whole: float
    kinds: list[str]
    shares: list[float]


@node("evaluation.fidelity", category="evaluation", title="Prompt fidelity", lane="gpu")
def prompt_fidelity(
    image: Image,
    dataset: Dataset,
    tagger: Weights,
    first: Annotated[int, Field(ge=0)] = 0,
    *,
    pool: ModelPool = injected,
) -> Fidelity:
    """Judge from the pixels whether pictures show what the captions of drawn pictures ask for.

    Figures are read from the pixels: their colours, shapes, number, and how two of them lie to each other. What is in a
    landscape is told by the tagger.

    Inputs:
        image: the pictures that were made from the captions, in their order; alpha is left away.
        dataset: drawn pictures; those that are ``held out`` have captions that say all that is judged.
        tagger: weights that Train tagger left.
        first: the index of the dataset's picture that the first picture is to show, from 0.

    Outputs:
        value: the share of what was asked for that is there, 0 to 1: the mean over the pictures.
        whole: the share of pictures in which all of it is there.
        kinds, shares: ``colours``, ``counts``, ``positions``, ``scene elements`` and ``shapes``, and the share of each.

    Errors: the dataset is not of drawn pictures or has fewer, one shows faces or more than two figures, or the
        weights are of something else.
    """
    reader = Reader(dataset)
    if first + image.batch > dataset.count:
        raise NodeError(
            f"{image.batch} pictures from {first} on are judged by a dataset of {dataset.count}",
            hint="Draw a larger dataset.",
        )
    scenes = [reader.scene(first + index) for index in range(image.batch)]
    with torch.inference_mode(), memory_guard("judging pictures"):
        told = told_tags(open_tagger(tagger, pool), seen(image, pool))
    pictures = (image.pixels[..., :3].clamp(0, 1) * 255).round().byte().numpy()
    found = [checks(*each) for each in zip(scenes, pictures, told, strict=True)]
    means = [np.mean([check.there for check in each]) for each in found]
    kinds = shares(found)
    whole = float(np.mean([mean == 1 for mean in means]))
    return Fidelity(float(np.mean(means)), whole, list(kinds), list(kinds.values()))
