"""Training an autoencoder."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, NamedTuple

import torch
from pydantic import Field

from graphengine.diffusion.adapters.weights import SCALE
from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.loaded import Autoencoder
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.fresh import Start, own_module
from graphengine.diffusion.training.reconstruction import Diet, Part, ReconstructionTask
from graphengine.diffusion.training.samples import SHOWN
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Course, Run, averages, paced, uses_half

CONTROLS = 16
"""How many pictures it is measured on."""


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    psnr: float


@node(
    "training.vae",
    category="training",
    version=2,
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
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    optimiser: Optimiser | None = None,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train the autoencoder of a model, from the weights it has or from nothing.

    It learns to give back what it encodes: the absolute and the squared error of crops. What comes out are the moving
    averages of the weights. All randomness comes from the seed and the number of the step: a training that was cut off
    ends in the same weights. Its curve, and pictures above what comes back of them, are shown 20 times on the way.

    Inputs:
        vae: the autoencoder; it is not changed, and trained in fp32, whatever precision it was loaded in.
        dataset, validation: pictures to learn from, and (16 others) to measure on.
        start: go on with the weights of the model, or begin ``fresh``, with random ones.
        part: of what is not fresh, the ``decoder`` alone, so that all denoisers go on to suit it; or ``encoder and
            decoder``, after which a denoiser must be trained anew.
        steps, batch, crop: of the optimiser, how many crops are in each, and their side in pixels, rounded down.
        rate: the highest learning rate; 2e-3 suits a small one from nothing, 1e-5 the large ones.
        noise: the deviation of noise on training latents, whose own is 1: small errors of a denoiser then stay small.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of random weights, and of the crops.
        optimiser: its finer settings; without it those that Optimiser has by itself.

    Outputs:
        weights: of what was trained. Save them, and link the file to Apply trained autoencoder.
        psnr: of round trips of validation pictures, in dB.

    Errors: the pictures are smaller than a crop, or their side is no multiple of the stride.

    Source: Rombach et al., Latent Diffusion Models (2022), without their perceptual and adversarial losses.
    """
    how = optimiser or Optimiser()
    training = paced(how, steps, rate, seed, figure="psnr", patience=patience, written="{:.3f}")
    run: Run = partial(training.run, checkpoints=checkpoints, context=context)
    with memory_guard("training an autoencoder"), pool.use(replace(vae, dtype="float32")) as lent:
        own = replace(lent, module=own_module(lent.module, start, seed))
        diet = _diet(own, start, part, (batch, crop, noise), bf16=uses_half(how.precision, pool.device))
        return _train(vae, own, (dataset, validation), diet, training, run, start)


def _train(
    vae: VaeRef, own: Autoencoder, pictures: Sequence[Dataset], diet: Diet, training: Course, run: Run, start: Start
) -> Trained:
    """Train on the first of the pictures, measured on the others."""
    dataset, validation = pictures
    _refuse_unfit(dataset, validation, own.stride, diet)
    device = own.module.device
    own.module.to(memory_format=torch.channels_last)
    control = Reader(validation).stack(0, min(CONTROLS, validation.count))
    task = ReconstructionTask(own.module, diet, Reader(dataset).any, control, device)
    trainer = run(task, samples=partial(_samples, task))
    figures = trainer.outcome.figures
    notes = training.notes(trainer, **asdict(diet), start=start, model=vae.source.reference, pictures=dataset.count)
    scale = {} if diet.decoder_alone else {SCALE: str(1 / figures["spread"])}
    return Trained(Weights("autoencoder", averages(trainer, f"{vae.part}."), {**notes, **scale}), figures["psnr"])


def _diet(own: Autoencoder, start: Start, part: Part, sizes: tuple[int, int, float], *, bf16: bool) -> Diet:
    """Return the diet; what is fresh is pulled to latents of variance one, other latents stay as large as they are."""
    batch, crop, noise = sizes
    fresh = start == "fresh"
    return Diet(
        crop=max(1, crop // own.stride) * own.stride,
        batch=batch,
        noise=noise if fresh else noise / float(own.scale),
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
