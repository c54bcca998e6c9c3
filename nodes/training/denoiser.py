"""Training a whole denoiser."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.diffusion import DiffusionRecipe, DiffusionTask, own_denoiser, own_stack
from graphengine.diffusion.training.fresh import Start
from graphengine.diffusion.training.loop import Schedule
from graphengine.diffusion.training.material import material_of
from graphengine.diffusion.training.samples import SHOWN, Samples
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Precision, averages, course, uses_half
from nodes.training.fitness import refuse_adapted

KIND = "denoiser"

CONTROLS = 64
"""How many pictures it is measured on."""

TextEncoder = Literal["stays", "trained too"]
"""What becomes of the text encoder."""


class Parts(NamedTuple):
    """The parts of the model that is trained."""

    model: ModelRef
    encoder: TextEncoderRef
    vae: VaeRef


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    gain: float
    error: float


@node(
    "training.denoiser",
    category="training",
    title="Train denoiser",
    lane="gpu",
    aliases=("Fine-tune", "Train model", "Train from scratch", "Train checkpoint"),
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
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    clip: Annotated[float, Field(gt=0, le=1000)] = 1.0,
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.999,
    warmup: Annotated[int, Field(ge=0, le=1_000_000)] = 200,
    schedule: Schedule = "cosine",
    precision: Precision = "auto",
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train all weights of a denoiser: go on with those it has, or begin with the same architecture from nothing.

    It learns to predict what the model predicts: noise, velocity or flow. Optimised by AdamW; what comes out are the
    moving averages of the weights. The model itself is not changed. All randomness comes from the seed and the number
    of the step: a training that was cut off goes on from its last checkpoint, and ends in the same weights. The curve
    and four pictures of the first captions of the validation set are shown 20 times on the way.

    Inputs:
        model, encoder, vae: the parts of the model. It is trained in fp32, whatever precision it was loaded in.
        dataset: the pictures to learn from, with captions, of the size that the model shall draw.
        validation: pictures to measure on, apart from those; the first 64 are used.
        start: go on with the weights of the model, or begin ``fresh``, with random ones.
        text_encoder: ``stays`` as it is, or is ``trained too``, from the same start as the denoiser.
        steps: of the optimiser.
        rate: the highest learning rate; 1e-3 suits a small model from nothing, 1e-5 the large ones.
        batch: pictures per step.
        caption_dropout: the share of captions that are left away, 0 to 1, so that guidance works.
        min_snr: the largest signal-to-noise ratio that adds weight to the loss; 0 weighs all noise levels alike, as it
            always is for flows.
        dropout: the share of values that are dropped inside of the denoiser, against learning by heart.
        weight_decay: decoupled from the gradient.
        clip: the largest norm of the whole gradient.
        ema: how much of the moving averages stays at each step.
        warmup: steps over which the learning rate rises, at most a tenth of them all.
        schedule: how it goes on from there: to zero along a ``cosine`` or ``linear``, or ``constant``.
        precision: of what is computed, never of the weights: ``auto`` is bfloat16 on an accelerator, fp32 on the CPU.
        patience: ends the training after so many of its 20 measurements without a better one; 0 never does.
        seed: of random weights, the pictures, the noise and the noise levels.

    Outputs:
        weights: of the denoiser, and of the text encoder if it was trained. Save them, and link the file to Apply
            trained weights; Save model then makes a folder of it that all tools read.
        gain: the share of the error on the validation pictures at the beginning that is gone, up to 1.
        error: the mean squared error of the prediction there, of which 1 is as good as nothing.

    Errors: the model carries a LoRA or a ControlNet, its text encoder a learned word, or the pictures do not suit its
    autoencoder.

    Source: Ho et al., Denoising Diffusion Probabilistic Models (2020); Hang et al., Efficient Diffusion Training via
    Min-SNR Weighting Strategy (2023); Esser et al., Scaling Rectified Flow Transformers (2024) for flows.
    """
    refuse_adapted(model, encoder)
    recipe = DiffusionRecipe(start, batch, caption_dropout, min_snr, dropout, uses_half(precision, pool.device))
    pace = {"clip": clip, "schedule": schedule}
    training = course(steps, rate, weight_decay, seed, figure="gain", patience=patience, ema=ema, warmup=warmup, **pace)
    run = partial(training.run, checkpoints=checkpoints, context=context)
    parts = Parts(model, encoder, vae)
    with memory_guard("training a denoiser"):
        task, samples = _task(pool, parts, (dataset, validation), recipe, seed, together=text_encoder != "stays")
        trainer = run(task, samples=samples)
    notes = training.notes(
        trainer, **asdict(recipe), text_encoder=text_encoder, model=model.source.reference, pictures=dataset.count
    )
    figures = trainer.curve[-1].figures
    return Trained(Weights(KIND, averages(trainer), notes), figures["gain"], figures["error"])


def _task(
    pool: ModelPool, parts: Parts, pictures: Sequence[Dataset], recipe: DiffusionRecipe, seed: int, *, together: bool
) -> tuple[DiffusionTask, Callable[[], Image]]:
    """Return what is trained, and what draws pictures with it."""
    model: ModelRef = replace(parts.model, dtype="float32")
    encoder: TextEncoderRef = replace(parts.encoder, dtype="float32")
    family = pool.families[model.family]
    with pool.use(model) as lent:
        denoiser = own_denoiser(lent, recipe.start, seed)
    stack = None
    if together:
        with pool.use(encoder) as read:
            stack = own_stack(read, recipe.start, seed)
    control = replace(pictures[1], count=min(CONTROLS, pictures[1].count))
    seen, measured = (material_of(pool, parts.encoder, parts.vae, each) for each in (pictures[0], control))
    task = DiffusionTask(recipe, family, denoiser, stack, parts.model, seen, measured, encoder.clip_skip)
    shown = range(min(SHOWN, measured.count))

    def texts() -> tuple[ConditioningEntry, ConditioningEntry]:
        return task.texts(measured, shown), task.texts(measured, [None] * len(shown))

    samples = Samples(pool, family, parts.model, parts.vae, control.size, texts)
    return task, partial(samples, denoiser)
