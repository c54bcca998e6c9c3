"""Training an autoencoder."""

from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Literal, NamedTuple

import torch
from pydantic import Field
from torch import nn

from graphengine.diffusion.adapters.weights import SCALE
from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.loaded import Autoencoder
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.fresh import Start, own_module
from graphengine.diffusion.training.loop import Schedule
from graphengine.diffusion.training.reconstruction import Diet, ReconstructionTask
from graphengine.diffusion.training.samples import SHOWN
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Precision, averages, course, uses_half

KIND = "autoencoder"

CONTROLS = 32
"""How many pictures it is measured on."""

Part = Literal["decoder", "encoder and decoder"]
"""What of an autoencoder is trained."""


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    psnr: float


@node(
    "training.vae",
    category="training",
    title="Train autoencoder",
    lane="gpu",
    aliases=("Train VAE", "Fine-tune VAE"),
)
def train_vae(
    vae: VaeRef,
    dataset: Dataset,
    validation: Dataset,
    start: Start = "its weights",
    part: Part = "decoder",
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 2_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 2e-4,
    batch: Annotated[int, Field(ge=1, le=1024)] = 16,
    crop: Annotated[int, Field(ge=8, le=1024)] = 64,
    noise: Annotated[float, Field(ge=0, le=10)] = 0.05,
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
    """Train the autoencoder of a model: go on with its weights, or begin with the same architecture from nothing.

    It learns to give back what it encodes: the absolute and the squared error of crops. Optimised by AdamW; what comes
    out are the moving averages of the weights. All randomness comes from the seed and the number of the step: a
    training that was cut off goes on from its last checkpoint, and ends in the same weights. The curve, and pictures
    above what comes back of them, are shown 20 times on the way.

    Inputs:
        vae: the autoencoder; it is not changed, and trained in fp32, whatever precision it was loaded in.
        dataset: the pictures to learn from.
        validation: pictures to measure on, apart from those; the first 32 are used.
        start: go on with the weights of the model, or begin ``fresh``, with random ones.
        part: of what is not fresh, the ``decoder`` alone, so that all denoisers go on to suit it; or ``encoder and
            decoder``, after which a denoiser must be trained anew.
        steps: of the optimiser.
        rate: the highest learning rate; 2e-3 suits a small one from nothing, 1e-5 the large ones.
        batch: crops per step.
        crop: the side of the crops in pixels; it is rounded down to a multiple of the stride.
        noise: the standard deviation of noise on training latents, for which 1 is that of the latents themselves. What
            a denoiser gets a little wrong then stays a little wrong.
        weight_decay: decoupled from the gradient.
        clip: the largest norm of the whole gradient.
        ema: how much of the moving averages stays at each step.
        warmup: steps over which the learning rate rises, at most a tenth of them all.
        schedule: how it goes on from there: to zero along a ``cosine`` or ``linear``, or ``constant``.
        precision: of what is computed, never of the weights: ``auto`` is bfloat16 on an accelerator, fp32 on the CPU.
        patience: ends the training after so many of its 20 measurements without a better one; 0 never does.
        seed: of random weights, and of the crops.

    Outputs:
        weights: of what was trained. Save them, and link the file to Apply trained autoencoder.
        psnr: of round trips of whole pictures of the validation set, in dB.

    Errors: the pictures are smaller than a crop, or their side is no multiple of the stride.

    Source: Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models (2022), without their
    perceptual and adversarial losses.
    """
    with memory_guard("training an autoencoder"):
        with pool.use(replace(vae, dtype="float32")) as lent:
            own = replace(lent, module=own_module(lent.module, start, seed))
        nn.Module.to(own.module, memory_format=torch.channels_last)
        diet = _diet(own, start, part, (batch, crop, noise), bf16=uses_half(precision, pool.device))
        _refuse_unfit(dataset, validation, own.stride, diet)
        control = Reader(validation).stack(0, min(CONTROLS, validation.count))
        task = ReconstructionTask(own.module, diet, Reader(dataset).any, control, pool.device)
        training = course(
            steps, rate, weight_decay, seed, figure="psnr", patience=patience, ema=ema, warmup=warmup, written="{:.3f}",
            clip=clip, schedule=schedule,
        )  # fmt: skip
        trainer = training.run(task, checkpoints, context, partial(_samples, task))
    figures = trainer.curve[-1].figures
    notes = training.notes(trainer, **asdict(diet), start=start, model=vae.source.reference, pictures=dataset.count)
    scale = {} if diet.decoder_alone else {SCALE: str(1 / figures["spread"])}
    return Trained(Weights(KIND, averages(trainer, f"{vae.part}."), {**notes, **scale}), figures["psnr"])


def _diet(own: Autoencoder, start: Start, part: Part, sizes: tuple[int, int, float], *, bf16: bool) -> Diet:
    """Return the diet; what is fresh is pulled to latents of variance one, other latents stay as large as they are."""
    batch, crop, noise = sizes
    fresh = start == "fresh"
    return Diet(
        crop=max(1, crop // own.stride) * own.stride,
        batch=batch,
        noise=noise if fresh else noise / own.scale,
        pull=0.01 if fresh else 0.0,
        decoder_alone=not fresh and part == "decoder",
        bf16=bf16,
    )


def _refuse_unfit(dataset: Dataset, validation: Dataset, stride: int, diet: Diet) -> None:
    if dataset.size < diet.crop:
        raise NodeError(
            f"crops of {diet.crop} pixels do not fit into pictures of {dataset.size}",
            hint="Lower the crop, or make the dataset's size larger.",
        )
    if validation.size % stride:
        raise NodeError(
            f"pictures of {validation.size} pixels cannot be encoded: the side must be a multiple of {stride}",
            hint="Change the size of the validation set.",
        )


def _samples(task: ReconstructionTask) -> Image:
    return Image(torch.from_numpy(task.samples(SHOWN)).float() / 255)
