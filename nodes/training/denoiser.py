"""Training a whole denoiser."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.diffusion import DiffusionRecipe, DiffusionTask, TextEncoder, learners_of
from graphengine.diffusion.training.fresh import Start
from graphengine.diffusion.training.material import material_of
from graphengine.diffusion.training.samples import SHOWN, Samples
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Course, Run, averages, paced, uses_half
from nodes.training.fitness import DENOISER, Parts, TrainedDenoiser, refuse_adapted

CONTROLS = 64
"""How many pictures it is measured on."""


@node(
    "training.denoiser",
    category="training",
    version=2,
    title="Train denoiser",
    lane="gpu",
    aliases=("Fine-tune", "Train model", "Train text encoder"),
)
def train_denoiser(
    model: ModelRef,
    encoder: TextEncoderRef,
    vae: VaeRef,
    dataset: Dataset,
    validation: Dataset,
    start: Start = "its weights",
    text_encoder: TextEncoder = "stays",
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 1e-4,
    batch: Annotated[int, Field(ge=1, le=4096)] = 16,
    caption_dropout: Annotated[float, Field(ge=0, le=1)] = 0.1,
    min_snr: Annotated[float, Field(ge=0, le=100)] = 5.0,
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    optimiser: Optimiser | None = None,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> TrainedDenoiser:
    """Train all weights of a denoiser, from those it has or from nothing.

    It learns to predict what the model predicts: noise, velocity or flow. What comes out are the moving averages of the
    weights; the model itself is not changed. To models of videos pictures are videos of one frame. All randomness comes
    from the seed and the number of the step: a training that was cut off ends in the same weights. Its curve and
    pictures of the first four captions are shown 20 times.

    Inputs:
        model, encoder, vae: the parts of the model. It is trained in fp32, whatever precision it was loaded in.
        dataset, validation: pictures with captions, to learn from and (64 others) to measure on.
        start: go on with the weights of the model, or begin ``fresh``, with random ones.
        text_encoder: ``stays`` as it is, or is ``trained too``, from the same start; ``trained alone`` is from that
            start too, while the denoiser stays as it is.
        steps, batch: of the optimiser, and how many pictures are in each.
        rate: the highest learning rate; 1e-3 suits a small model from nothing, 1e-5 the large ones.
        caption_dropout: the share of captions that are left away, 0 to 1, so that guidance works.
        min_snr: the largest signal-to-noise ratio that adds weight to the loss; 0 (and a flow) weighs all levels alike.
        dropout: the share of values that are dropped inside of the denoiser, against learning by heart.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of random weights, the pictures, the noise and the noise levels.
        optimiser: its finer settings; without it those that Optimiser has by itself.

    Outputs:
        weights: save them, and link the file to Apply trained weights.
        gain, error: of the prediction for validation pictures, the squared error, and which share of it is gone.

    Errors: the model carries a LoRA or a ControlNet, its text encoder a learned word, or the pictures do not fit.

    Source: Ho et al. (2020); Hang et al., Min-SNR (2023); Esser et al., Scaling Rectified Flow Transformers (2024).
    """
    how = optimiser or Optimiser()
    recipe = DiffusionRecipe(
        start, batch, caption_dropout, min_snr, dropout, bf16=uses_half(how.precision, pool.device)
    )
    training = paced(how, steps, rate, seed, figure="gain", patience=patience)
    run: Run = partial(training.run, checkpoints=checkpoints, context=context)
    parts = Parts(model, encoder, vae)
    return _train(parts, (dataset, validation), recipe, training, pool, run, text_encoder)


def _train(
    parts: Parts,
    pictures: Sequence[Dataset],
    recipe: DiffusionRecipe,
    training: Course,
    pool: ModelPool,
    run: Run,
    text_encoder: TextEncoder,
) -> TrainedDenoiser:
    """Train on the first of the pictures, measured on the others."""
    refuse_adapted(parts.model, parts.encoder)
    with memory_guard("training a denoiser"):
        task, samples = _task(pool, parts, pictures, recipe, training.pace.seed, text_encoder)
        trainer = run(task, samples=samples)
    told = {"text_encoder": text_encoder, "model": parts.model.source.reference, "pictures": pictures[0].count}
    notes, figures = training.notes(trainer, **asdict(recipe), **told), trainer.outcome.figures
    return TrainedDenoiser(Weights(DENOISER, averages(trainer), notes), figures["gain"], figures["error"])


def _task(
    pool: ModelPool,
    parts: Parts,
    pictures: Sequence[Dataset],
    recipe: DiffusionRecipe,
    seed: int,
    text_encoder: TextEncoder,
) -> tuple[DiffusionTask, Callable[[], Image]]:
    """Return what is trained, and what draws pictures with it."""
    family = pool.families[parts.model.family]
    learners = learners_of(pool, parts.model, parts.encoder, recipe.start, text_encoder, seed)
    control = replace(pictures[1], count=min(CONTROLS, pictures[1].count))
    seen, measured = (material_of(pool, parts.encoder, parts.vae, each) for each in (pictures[0], control))
    task = DiffusionTask(recipe, family, learners, parts.model, seen, measured)
    shown = range(min(SHOWN, measured.count))

    def texts() -> tuple[ConditioningEntry, ConditioningEntry]:
        return task.texts(measured, shown), task.texts(measured, [None] * len(shown))

    samples = Samples(pool, family, parts.model, parts.vae, control.size, texts)
    return task, partial(samples, learners.denoiser)
