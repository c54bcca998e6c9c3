"""Training a network that tells depth."""

from dataclasses import asdict, replace
from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.pool.construction import seeded_construction
from graphengine.diffusion.training.depth import DEPTH, STRIDE, WIDEST, DepthRecipe, DepthTask
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import averages, course

CONTROLS = 64
"""How many pictures it is measured on."""


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    correlation: float
    abs_rel: float


@node(
    "training.depth",
    category="training",
    version=2,
    title="Train depth model",
    lane="gpu",
    aliases=("Depth estimation",),
)
def train_depth(
    dataset: Dataset,
    validation: Dataset,
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 3_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 3e-3,
    batch: Annotated[int, Field(ge=1, le=1024)] = 16,
    width: Annotated[int, Field(ge=4, le=WIDEST)] = 8,
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a network that tells how far away what a picture shows is.

    It learns the distances themselves, in metres: all landscapes are seen by the same eye. Optimised by AdamW under a
    cosine schedule with a linear warm-up; what comes out are the moving averages of the weights. All randomness comes
    from the seed and the number of the step: a training that was cut off goes on from its last checkpoint, and ends in
    the same weights.

    Inputs:
        dataset: drawn landscapes to learn from, whose sides are multiples of 16 pixels.
        validation: landscapes to measure on, apart from those; the first 64 are used.
        steps: of the optimiser.
        rate: the highest learning rate.
        batch: pictures per step.
        width: channels at the size of the picture; four smaller sizes have 2, 4, 6 and 8 times as many.
        weight_decay: decoupled from the gradient.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the first weights and of the choice of pictures.

    Outputs:
        weights: the network.
        correlation: with the true distances (Pearson's), the mean over the validation pictures.
        abs_rel: the mean error there, as a part of the true distance.

    Errors: a picture has no depth, as it is no drawn landscape, or its side is no multiple of 16.

    Source: Eigen et al., Depth Map Prediction from a Single Image using a Multi-Scale Deep Network (2014).
    """
    for each in (dataset, validation):
        if each.size % STRIDE:
            raise NodeError(
                f"pictures of {each.size} pixels cannot be halved four times",
                hint=f"Make the dataset's size a multiple of {STRIDE}.",
            )
    data, control = Reader(dataset), Reader(replace(validation, count=min(CONTROLS, validation.count)))
    recipe = DepthRecipe(width, batch)
    with seeded_construction(seed):
        task = DepthTask(recipe, data, control, pool.device)
    training = course(steps, rate, weight_decay, seed, figure="correlation", patience=patience, ema=0.995)
    trainer = training.run(task, checkpoints, context)
    figures = trainer.outcome.figures
    weights = Weights(DEPTH, averages(trainer), training.notes(trainer, **asdict(recipe)))
    return Trained(weights, figures["correlation"], figures["abs_rel"])
