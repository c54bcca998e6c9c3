"""Training a variational autoencoder to generate pictures with."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.generator import WIDEST
from graphengine.diffusion.training.variational import VaeRecipe, VaeTask
from graphengine.diffusion.types.dataset import Dataset
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import course
from nodes.training.generators import Trained, task_of, trained


@node(
    "training.vae_generator",
    category="training",
    version=2,
    title="Train VAE generator",
    lane="gpu",
    aliases=("Variational autoencoder",),
)
def train_vae_generator(
    dataset: Dataset,
    validation: Dataset,
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 3_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 2e-3,
    batch: Annotated[int, Field(ge=1, le=1024)] = 16,
    width: Annotated[int, Field(ge=4, le=WIDEST)] = 16,
    spread: Annotated[float, Field(gt=0, le=10)] = 0.1,
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.0,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a generator of pictures as the decoder of a variational autoencoder.

    It is a baseline to compare diffusion with; for the autoencoder of a diffusion model it is the wrong one. It learns
    to make pictures of noise and tags in one pass. Optimised by AdamW under a cosine schedule with a linear warm-up;
    what comes out are the moving averages of the weights. All randomness comes from the seed and the number of the
    step: a training that was cut off goes on from its last checkpoint, and ends in the same weights.

    Inputs:
        dataset: the pictures to learn from; their side is 16, 32, 64, 128 or 256 pixels.
        validation: two and more of the same size to measure on, apart from those; the first 128 are used.
        steps: of the optimiser.
        rate: the highest learning rate.
        batch: pictures per step.
        width: channels of both networks at the size of the picture; smaller sizes have up to eight times as many.
        spread: by how much a picture may differ from what is made of its noise, as a standard deviation of colours in
            0..1; less makes sharper pictures, and noise less like that which is drawn.
        weight_decay: decoupled from the gradient.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the first weights, of the noise and of the choice of pictures.

    Outputs:
        weights: the generator with its tags.
        nearness: of pictures of the same tags as the validation pictures to these, as far as thumbnails show; 1 if they
            are alike.

    Errors: the pictures are of another size, or nothing is said of them often enough to be learnt.

    Source: Kingma & Welling, Auto-Encoding Variational Bayes (2014); Sohn et al., Learning Structured Output
        Representation using Deep Conditional Generative Models (2015).
    """
    recipe = VaeRecipe(batch, spread)
    task = task_of(lambda *given: VaeTask(given[0], recipe, *given[1:]), dataset, validation, width, seed, pool)
    training = course(steps, rate, weight_decay, seed, figure="nearness", patience=patience, ema=0.995)
    return trained(training.run(task, checkpoints, context), training, task.form, **asdict(recipe))
