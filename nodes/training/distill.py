"""Distilling a denoiser into one that draws in a few steps."""

from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.latents import empty_latent
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.denoising import Denoising
from graphengine.diffusion.training.diffusion import own_denoiser
from graphengine.diffusion.training.distilling import DistillRecipe, DistillTask, Teacher
from graphengine.diffusion.training.loop import Schedule
from graphengine.diffusion.training.material import Captions, captions_of
from graphengine.diffusion.training.samples import SHOWN, Samples
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Precision, averages, course, uses_half
from nodes.training.fitness import refuse_adapted

KIND = "denoiser"

CONTROLS = 16
"""How many captions it is measured on."""


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    gain: float
    error: float


@node(
    "training.distill",
    category="training",
    title="Distill for few steps",
    lane="gpu",
    aliases=("Progressive distillation", "Guidance distillation", "Train LCM", "Turbo", "Lightning"),
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
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.0,
    clip: Annotated[float, Field(gt=0, le=1000)] = 1.0,
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.995,
    warmup: Annotated[int, Field(ge=0, le=1_000_000)] = 50,
    schedule: Schedule = "cosine",
    precision: Precision = "auto",
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a student of a denoiser that draws in a few steps, and without guidance, what its teacher draws in many.

    The teacher walks from noise to pictures in small guided steps; the student, which begins with the weights of the
    teacher, learns to make of several of them one. It is to be sampled with the sampler ``ddim``, the schedule
    ``sgm_uniform``, a guidance scale of 1, and exactly as many steps as it was trained for. The way of the teacher for
    a caption is walked once and kept. What comes out are the moving averages of the weights. All randomness comes from
    the seed and the number of the step: a training that was cut off goes on from its last checkpoint, and ends in the
    same weights.

    Inputs:
        model, encoder, vae: the parts of the model that teaches. It is not changed; the student is trained in fp32.
        dataset: its captions are what is drawn; of the pictures only the size counts.
        validation: captions to measure on, apart from those; the first 16 are used.
        taken: the steps in which the student will draw.
        substeps: the steps of the teacher for each of them: 4 and 4 make a teacher of 16 steps.
        cfg: the guidance scale of the teacher, which the student learns to do without; 1 is none.
        steps: of the optimiser.
        rate: the highest learning rate.
        batch: captions per step, each of which is learnt in all steps of the student.
        weight_decay: decoupled from the gradient.
        clip: the largest norm of the whole gradient.
        ema: how much of the moving averages stays at each step.
        warmup: steps over which the learning rate rises, at most a tenth of them all.
        schedule: how it goes on from there: to zero along a ``cosine`` or ``linear``, or ``constant``.
        precision: of what is computed, never of the weights: ``auto`` is bfloat16 on an accelerator, fp32 on the CPU.
        patience: ends the training after so many of its 20 measurements without a better one; 0 never does.
        seed: of the noise, and of which captions are learnt when.

    Outputs:
        weights: of the student. Save them, and link the file to Apply trained weights.
        gain: the share that is gone of the distance at which the untrained student ends from its teacher, up to 1.
        error: the mean squared distance of the latents in which both end.

    Errors: the model predicts a flow, or carries a LoRA or a ControlNet.

    Source: Salimans & Ho, Progressive Distillation for Fast Sampling of Diffusion Models (2022); Meng et al., On
    Distillation of Guided Diffusion Models (2023).
    """
    refuse_adapted(model, encoder)
    if model.prediction == "flow":
        raise NodeError("models that predict a flow cannot be distilled here", hint="Link one that predicts noise.")
    recipe = DistillRecipe(taken, substeps, cfg, batch)
    bf16 = uses_half(precision, pool.device)
    training = course(
        steps, rate, weight_decay, seed, figure="gain", patience=patience, ema=ema, warmup=warmup, clip=clip,
        schedule=schedule,
    )  # fmt: skip
    whole: ModelRef = replace(model, dtype="float32")
    with pool.use(whole) as teacher, memory_guard("distilling a denoiser"):
        student = own_denoiser(teacher, "its weights", seed)
        family = pool.families[model.family]
        shown = (dataset, replace(validation, count=min(CONTROLS, validation.count)))
        told = [captions_of(pool, encoder, each) for each in shown]
        teaching, learning = (Denoising(family, each, model, bf16=bf16) for each in (teacher, student))
        size = empty_latent(model, dataset.size, dataset.size).samples.shape[1:]
        ways = [
            Teacher(recipe, teaching, teacher.scheduler, texts, (size[0], size[1], size[2]), seed + number)
            for number, texts in enumerate(told)
        ]
        task = DistillTask(learning, student.module, teacher.scheduler, recipe, *ways)
        samples = Samples(
            pool, family, model, vae, dataset.size, partial(_texts, told[1]), taken, 1.0, "ddim", "sgm_uniform"
        )
        trainer = training.run(task, checkpoints, context, partial(samples, student))
    notes = training.notes(trainer, **asdict(recipe), bf16=bf16, model=model.source.reference, captions=dataset.count)
    figures = trainer.curve[-1].figures
    return Trained(Weights(KIND, averages(trainer), notes), figures["gain"], figures["error"])


def _texts(told: Captions) -> tuple[ConditioningEntry, ConditioningEntry]:
    shown = range(min(SHOWN, told.count))
    return told.rows(shown), told.text(None)
