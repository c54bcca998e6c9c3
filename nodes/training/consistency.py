"""Distilling a denoiser to a consistency model, which draws in a few steps."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated

from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.families.family import Family
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.consistency import Consistency, ConsistencyRecipe, ConsistencyTask, Distance
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.diffusion import own_denoiser
from graphengine.diffusion.training.distilling import Teacher
from graphengine.diffusion.training.material import Captions, Material, captions_of, material_of
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
    "training.consistency",
    category="training",
    version=1,
    title="Distill to a consistency model",
    lane="gpu",
    aliases=("Train LCM", "Latent consistency distillation", "LCM", "Few steps"),
)
def distill_consistency(
    model: ModelRef,
    encoder: TextEncoderRef,
    vae: VaeRef,
    dataset: Dataset,
    validation: Dataset,
    taken: Annotated[int, Field(ge=1, le=50)] = 4,
    skip: Annotated[int, Field(ge=1, le=500)] = 20,
    cfg: Annotated[float, Field(ge=1, le=50)] = 7.5,
    distance: Distance = "huber",
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 1e-4,
    batch: Annotated[int, Field(ge=1, le=4096)] = 16,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    optimiser: Optimiser | None = None,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> TrainedDenoiser:
    """Train a student that tells, from any level of noise, what its teacher would draw in many guided steps.

    It is to be sampled with ``lcm``, a guidance scale of 1, and as few steps as you like: 2 to 8, where Distill for few
    steps makes a student for one number of them. What it tells of a picture with noise is pulled to what the moving
    average of its weights tells where one guided step of the teacher leads from there. These averages come out. A
    training that was cut off ends in the same weights. Its curve and pictures are shown 20 times.

    Inputs:
        model, encoder, vae: the parts of the model that teaches. It is not changed; the student is trained in fp32.
        dataset: pictures with captions to learn from.
        validation: 16 other captions to measure on.
        taken: the steps in which pictures are drawn while it trains, and on which it is measured.
        skip: the timesteps of the teacher's step; more of them learn quicker and end less exact.
        cfg: the guidance scale of the teacher, which the student learns to do without; 1 is none.
        distance: ``huber``, which outliers move less, or ``squared``.
        steps, batch: of the optimiser, and how many pictures are in each.
        rate: the highest learning rate.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the pictures, the noise and the noise levels.
        optimiser: its finer settings; without it no weight decay, and averages over some 20 steps.

    Outputs:
        weights: of the student. Save them, and link the file to Apply trained weights.
        gain, error: on the teacher's ways for validation captions, the squared distance of what is told to what it
            draws, and the share of it that is gone.

    Errors: the model predicts a flow, or carries a LoRA or a ControlNet.

    Source: Luo et al., Latent Consistency Models (2023); Song et al., Consistency Models (2023).
    """
    how = optimiser or Optimiser(weight_decay=0.0, ema=0.95, warmup=50)
    training = paced(how, steps, rate, seed, figure="gain", patience=patience)
    run: Run = partial(training.run, checkpoints=checkpoints, context=context)
    bf16, recipe = uses_half(how.precision, pool.device), ConsistencyRecipe(skip, cfg, distance, batch, taken)
    return _train(Parts(model, encoder, vae), (dataset, validation), recipe, training, pool, run, bf16=bf16)


def _train(
    parts: Parts,
    datasets: Sequence[Dataset],
    recipe: ConsistencyRecipe,
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
        student, family = own_denoiser(teacher, "its weights", seed), pool.families[model.family]
        material = material_of(pool, parts.encoder, parts.vae, dataset)
        told = captions_of(pool, parts.encoder, replace(validation, count=min(CONTROLS, validation.count)))
        task = _task(recipe, family, (teacher, student), model, material, told, seed, bf16=bf16)
        texts = partial(first_captions, told)
        samples = Samples(pool, family, model, parts.vae, dataset.size, texts, recipe.taken, 1.0, "lcm")
        trainer = run(task, samples=partial(samples, student))
    told_of = {"bf16": bf16, "model": model.source.reference, "pictures": dataset.count, "sampler": "lcm"}
    notes, figures = training.notes(trainer, **asdict(recipe), **told_of), trainer.outcome.figures
    return TrainedDenoiser(Weights(DENOISER, averages(trainer), notes), figures["gain"], figures["error"])


def _task(
    recipe: ConsistencyRecipe,
    family: Family,
    denoisers: tuple[Denoiser, Denoiser],
    model: ModelRef,
    material: Material,
    told: Captions,
    seed: int,
    *,
    bf16: bool,
) -> ConsistencyTask:
    teacher, student = denoisers
    target, schedule = own_denoiser(student, "its weights", seed), teacher.scheduler
    teaching, *learning = (Denoising(family, each, model, bf16=bf16) for each in (teacher, student, target))
    functions = [Consistency(each, schedule, model.prediction) for each in learning]
    channels, height, width = material.latent(0).shape[1:]
    way = recipe.way(schedule, min(told.count, 8))
    control = Teacher(way, teaching, schedule, told, (channels, height, width), seed)
    modules = (student.module, target.module)
    return ConsistencyTask(recipe, teaching, functions[0], functions[1], modules, material, control, schedule)
