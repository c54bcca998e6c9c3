"""Training a tagger."""

import json
from dataclasses import asdict, replace
from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.pool.construction import seeded_construction
from graphengine.diffusion.training.tagger import SMALLEST, TAGGER, WIDEST, TaggerRecipe, TaggerTask, tags_of
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import averages, course

CONTROLS = 256
"""How many pictures it is measured on."""


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    f1: float


@node(
    "training.tagger", category="training", version=2, title="Train tagger", lane="gpu", aliases=("Train classifier",)
)
def train_tagger(
    dataset: Dataset,
    validation: Dataset,
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 2e-3,
    batch: Annotated[int, Field(ge=1, le=1024)] = 32,
    width: Annotated[int, Field(ge=4, le=WIDEST)] = 24,
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a network that tells what is in pictures, to judge pictures by.

    Of drawn pictures it learns what they show, of others the words of their captions. Optimised by AdamW under a
    cosine schedule with a linear warm-up; what comes out are the moving averages of the weights. All randomness comes
    from the seed and the number of the step: a training that was cut off goes on from its last checkpoint, and ends in
    the same weights.

    Inputs:
        dataset: the pictures to learn from, of 32 pixels and more.
        validation: pictures to measure on, apart from those; the first 256 are used.
        steps: of the optimiser.
        rate: the highest learning rate.
        batch: pictures per step.
        width: channels of the first of four stages; each of the others has as many more.
        weight_decay: decoupled from the gradient.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the first weights and of the choice of pictures.

    Outputs:
        weights: the network with its tags.
        f1: the harmonic mean of precision and recall over all tags of the validation pictures, 0 to 1.

    Errors: the pictures are too small, or nothing is said of them often enough to be learnt.

    Source: Loshchilov & Hutter, Decoupled Weight Decay Regularization (2019).
    """
    if min(dataset.size, validation.size) < SMALLEST:
        raise NodeError(
            f"a tagger looks at pictures of {SMALLEST} pixels and more", hint="Make the dataset's size larger."
        )
    data, control = Reader(dataset), Reader(replace(validation, count=min(CONTROLS, validation.count)))
    tags = tags_of(data)
    if not tags:
        raise NodeError("no tag is true of several pictures", hint="Give the pictures captions.")
    recipe = TaggerRecipe(width, batch)
    with seeded_construction(seed):
        task = TaggerTask(recipe, tags, data, control, pool.device)
    training = course(steps, rate, weight_decay, seed, figure="f1", patience=patience, ema=0.99)
    trainer = training.run(task, checkpoints, context)
    notes = training.notes(trainer, **asdict(recipe), tags=json.dumps(tags))
    return Trained(Weights(TAGGER, averages(trainer), notes), trainer.outcome.figures["f1"])
