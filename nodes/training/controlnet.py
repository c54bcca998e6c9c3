"""Training a ControlNet."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from graphengine.diffusion.control.loading import CONFIG
from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.controlnet import (
    CONTROLNET,
    WIDEST,
    ControlNetRecipe,
    ControlNetTask,
    config_of,
    continued_controlnet,
    fresh_controlnet,
)
from graphengine.diffusion.training.loop import Trainer
from graphengine.diffusion.training.material import material_of
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.refs import ControlNetRef, ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Course, averages, course
from nodes.training.fitness import refuse_adapted

CONTROLS = 32
"""How many pictures it is measured on."""


Run = Callable[[ControlNetTask], Trainer]


class _Parts(NamedTuple):
    model: ModelRef
    encoder: TextEncoderRef
    vae: VaeRef
    begin: ControlNetRef | None


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    gain: float


@node("training.controlnet", category="training", version=2, title="Train ControlNet", lane="gpu")
def train_controlnet(
    model: ModelRef,
    encoder: TextEncoderRef,
    vae: VaeRef,
    dataset: Dataset,
    validation: Dataset,
    begin: ControlNetRef | None = None,
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 4_000,
    rate: Annotated[float, Field(gt=0, le=1)] = 1e-3,
    batch: Annotated[int, Field(ge=1, le=1024)] = 8,
    width: Annotated[int, Field(ge=8, le=WIDEST)] = WIDEST,
    caption_dropout: Annotated[float, Field(ge=0, le=1)] = 0.5,
    min_snr: Annotated[float, Field(ge=0, le=100)] = 0.0,
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a ControlNet, so that a denoiser follows pictures of depth, of edges, or of what you have.

    It is a copy of the denoiser's first half behind layers of zeros; the denoiser is not changed. Optimised, kept, and
    continued after a cut as Train LoRA is.

    Inputs:
        model, encoder, vae: the parts of the model that it is for. It is trained in fp32.
        dataset: the pictures to learn from, with captions and hints.
        validation: others to measure on, with such hints too; the first 32 are used.
        begin: a ControlNet for this model to go on from; none is a new one.
        steps: of the optimiser; ``rate`` is its highest learning rate, ``batch`` the pictures per step.
        width: the most channels in the layers that read hints: 256 as published, fewer for a smaller file.
        caption_dropout: the share of captions that are left away, 0 to 1: it learns to read hints without words.
        min_snr: the largest signal-to-noise ratio that adds weight; 0: all noise levels alike, as layout wants it.
        weight_decay: decoupled from the gradient.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the first weights, the pictures, the noise and the noise levels.

    Outputs:
        weights: the ControlNet, with keys as diffusers has them. Save it, and link the file to Load ControlNet.
        gain: the share of the error on the validation pictures that it takes away, up to 1.

    Errors: the model is no such UNet, carries adapters, or is not what ``begin`` is for; a dataset has no hints.

    Source: Zhang et al., Adding Conditional Control to Text-to-Image Diffusion Models (2023).
    """
    parts = _Parts(model, encoder, vae, begin)
    _refuse_unfit(model, encoder, dataset, validation)
    recipe = ControlNetRecipe(batch, caption_dropout, min_snr)
    training = course(steps, rate, weight_decay, seed, figure="gain", patience=patience, ema=0.999)
    run = partial(training.run, checkpoints=checkpoints, context=context)
    return _train(parts, (dataset, validation), recipe, width, training, pool, run)


def _refuse_unfit(model: ModelRef, encoder: TextEncoderRef, *datasets: Dataset) -> None:
    """Refuse denoisers that no ControlNet can be trained for, and datasets that have nothing to read."""
    if model.prediction not in {"epsilon", "v_prediction"}:
        raise NodeError(f"ControlNets for models that predict {model.prediction} cannot be trained here")
    refuse_adapted(model, encoder)
    if any(each.hints is None for each in datasets):
        raise NodeError("a dataset has no hints", hint="Link both through Dataset with hints.")


def _train(
    parts: _Parts,
    pictures: Sequence[Dataset],
    recipe: ControlNetRecipe,
    width: int,
    training: Course,
    pool: ModelPool,
    run: Run,
) -> Trained:
    """Train on the first of the pictures, measured on the others."""
    model = parts.model
    shown = (pictures[0], replace(pictures[1], count=min(CONTROLS, pictures[1].count)))
    whole: ModelRef = replace(model, dtype="float32")  # small steps are lost in half precision, and moments overflow
    with pool.use(whole) as denoiser, memory_guard("training a ControlNet"):
        network = _begun(parts, denoiser.module, width, training.pace.seed, pool)
        seen, measured = (material_of(pool, parts.encoder, parts.vae, each) for each in shown)
        trainer = run(ControlNetTask(recipe, pool.families[model.family], denoiser, model, network, seen, measured))
    names = {"model": model.source.reference, "begin": parts.begin.source.reference if parts.begin else ""}
    hints = pictures[0].hints if isinstance(pictures[0].hints, str) else "pictures"
    notes = training.notes(trainer, **asdict(recipe), **names, hints=hints)
    weights = Weights(CONTROLNET, averages(trainer), {**notes, CONFIG: config_of(network)})
    return Trained(weights, trainer.outcome.figures["gain"])


def _begun(parts: _Parts, unet: Any, width: int, seed: int, pool: ModelPool) -> Any:
    """Return a new ControlNet, or a copy of the one to go on from."""
    if parts.begin is None:
        return fresh_controlnet(unet, parts.model.latent, width, seed)
    with pool.use(replace(parts.begin, dtype="float32")) as begin:
        return continued_controlnet(begin.module, unet)
