"""Training an upscaler."""

from dataclasses import asdict
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field

from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.pool.construction import seeded_construction
from graphengine.diffusion.training.upscaler import UPSCALER, WIDEST, UpscalerRecipe, UpscalerTask
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import averages, course

_DB = "{:.2f} dB"


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    psnr: float
    bicubic: float


@node("training.upscaler", category="training", version=2, title="Train upscaler", lane="gpu")
def train_upscaler(
    dataset: Dataset,
    validation: Dataset,
    factor: Literal["2", "3", "4"] = "2",
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 2e-3,
    batch: Annotated[int, Field(ge=1, le=1024)] = 16,
    crop: Annotated[int, Field(ge=24, le=512)] = 64,
    width: Annotated[int, Field(ge=4, le=WIDEST)] = 32,
    depth: Annotated[int, Field(ge=0, le=64)] = 6,
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a network that makes pictures larger, on crops that were made smaller.

    Optimised by AdamW under a cosine schedule with a linear warm-up; what comes out are the moving averages of the
    weights. All randomness comes from the seed and the number of the step: a training that was cut off goes on from
    its last checkpoint, and ends in the same weights.

    Inputs:
        dataset: the pictures to learn from, at least as large as a crop.
        validation: pictures to measure on, apart from those; the first 32 are used.
        factor: how many times longer the sides become.
        steps: of the optimiser.
        rate: the highest learning rate.
        batch: crops per step.
        crop: side of a crop in pixels, after the enlargement; cut to a multiple of the factor.
        width, depth: channels of the convolutions, and how many there are between the first and the last.
        weight_decay: decoupled from the gradient.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the first weights and of the crops.

    Outputs:
        weights: the network, in the layout that other tools know as a compact upscaler.
        psnr: of enlarged pictures of the validation set, in dB; ``bicubic`` is what bicubic enlargement has there.

    Errors: the pictures are smaller than a crop.

    Source: Wang et al., Real-ESRGAN (2021); Loshchilov & Hutter, Decoupled Weight Decay Regularization (2019).
    """
    if dataset.size < crop:
        raise NodeError(
            f"crops of {crop} pixels do not fit into pictures of {dataset.size}",
            hint="Lower the crop, or make the dataset's size larger.",
        )
    recipe = UpscalerRecipe(int(factor), width, depth, crop // int(factor) * int(factor), batch)
    with seeded_construction(seed):
        task = UpscalerTask(recipe, Reader(dataset).any, _control(validation, recipe.factor), pool.device)
    training = course(steps, rate, weight_decay, seed, figure="psnr", patience=patience, ema=0.999, written=_DB)
    trainer = training.run(task, checkpoints, context)
    figures = trainer.outcome.figures
    weights = Weights(UPSCALER, averages(trainer), training.notes(trainer, **asdict(recipe)))
    return Trained(weights, figures["psnr"], figures["bicubic"])


def _control(validation: Dataset, factor: int) -> torch.Tensor:
    """Return pictures whose sides the factor divides."""
    side = validation.size // factor * factor
    pictures = Reader(validation).stack(0, min(32, validation.count))[:, :side, :side]
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
