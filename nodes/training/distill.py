"""Distilling a denoiser into one that draws in a few steps."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.diffusion import own_denoiser
from graphengine.diffusion.training.distilling import DistillRecipe, DistillTask, Teacher
from graphengine.diffusion.training.material import captions_of
from graphengine.diffusion.training.samples import Samples, first_captions
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Course, Run, averages, paced, uses_half
from nodes.training.fitness import DENOISER, Parts, TrainedDenoiser, refuse_adapted, refuse_flow

CONTROLS = 16
"""How many captions it is measured on."""


@node(
    "training.distill",
    category="training",
    version=2,
    title="Distill for few steps",
    lane="gpu",
    aliases=("Progressive distillation", "Guidance distillation", "Turbo", "Lightning"),
)
def distill(
    model: ModelRef,
    encoder: TextEncoderRef,
    vae: VaeRef,
    dataset: Dataset,
    validation: Dataset,
    taken: Annotated[int, Field(ge=1, le=64)] = 4,
    substeps: Annotated[int, Field(ge=1, le=64)] = 4,
    cfg: Annotated[float, Field(ge=1, le=50)] = 7.5,
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 1e-4,
    batch: Annotated[int, Field(ge=1, le=1024)] = 8,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    optimiser: Optimiser | None = None,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> TrainedDenoiser:
    """Train a student of a denoiser that draws in a few steps what its teacher draws in many.

    The teacher walks from noise to pictures in small guided steps; the student, which begins with its weights, learns
    to make one of several. It is to be sampled with ``ddim``, the schedule ``sgm_uniform``, a guidance scale of 1, and
    as many steps as it was trained for. A teacher's way for a caption is walked once and kept. What comes out are the
    moving averages of the weights. A training that was cut off ends in the same weights.

    Inputs:
        model, encoder, vae: the parts of the model that teaches. It is not changed; the student is trained in fp32.
        dataset, validation: captions to learn from, and (16 others) to measure on; pictures count by their size.
        taken: the steps in which the student will draw.
        substeps: the steps of the teacher for each of them: 4 and 4 make a teacher of 16 steps.
        cfg: the guidance scale of the teacher, which the student learns to do without; 1 is none.
        steps, batch: of the optimiser, and how many captions are in each: all steps of the student are learnt of them.
        rate: the highest learning rate.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the noise, and of which captions are learnt when.
        optimiser: its finer settings; without it no weight decay, and averages over some 200 steps.

    Outputs:
        weights: of the student. Save them, and link the file to Apply trained weights.
        gain, error: of the predictions for validation captions, the squared error, and the share of it that is gone.

    Errors: the model predicts a flow, or carries a LoRA or a ControlNet.

    Source: Salimans & Ho, Progressive Distillation (2022); Meng et al., Distillation of Guided Diffusion Models (2023).
    """
    how = optimiser or Optimiser(weight_decay=0.0, ema=0.995, warmup=50)
    training = paced(how, steps, rate, seed, figure="gain", patience=patience)
    run: Run = partial(training.run, checkpoints=checkpoints, context=context)
    bf16, recipe = uses_half(how.precision, pool.device), DistillRecipe(taken, substeps, cfg, batch)
    return _train(Parts(model, encoder, vae), (dataset, validation), recipe, training, pool, run, bf16=bf16)


def _train(
    parts: Parts,
    datasets: Sequence[Dataset],
    recipe: DistillRecipe,
    training: Course,
    pool: ModelPool,
    run: Run,
    *,
    bf16: bool,
) -> TrainedDenoiser:
    """Train on the first of the datasets, measured on the other."""
    model, (dataset, validation), seed = parts.model, datasets, training.pace.seed
    refuse_adapted(model, parts.encoder)
    refuse_flow(model)
    whole: ModelRef = replace(model, dtype="float32")
    with pool.use(whole) as teacher, memory_guard("distilling a denoiser"):
        student = own_denoiser(teacher, "its weights", seed)
        family = pool.families[model.family]
        shown = (dataset, replace(validation, count=min(CONTROLS, validation.count)))
        told = [captions_of(pool, parts.encoder, each) for each in shown]
        teaching, learning = (Denoising(family, each, model, bf16=bf16) for each in (teacher, student))
        size = empty_latent(model, dataset.size, dataset.size).samples.shape[1:]
        ways = [
            Teacher(recipe, teaching, teacher.scheduler, texts, (size[0], size[1], size[2]), seed + number)
            for number, texts in enumerate(told)
        ]
        task = DistillTask(learning, student.module, teacher.scheduler, recipe, *ways)
        count = recipe.taken
        samples = Samples(
            pool,
            family,
            model,
            parts.vae,
            dataset.size,
            partial(first_captions, told[1]),
            count,
            1.0,
            "ddim",
            "sgm_uniform",
        )
        trainer = run(task, samples=partial(samples, student))
    notes = training.notes(trainer, **asdict(recipe), bf16=bf16, model=model.source.reference, captions=dataset.count)
    figures = trainer.outcome.figures
    return TrainedDenoiser(Weights(DENOISER, averages(trainer), notes), figures["gain"], figures["error"])
