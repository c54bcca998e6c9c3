"""Training a LoRA."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Annotated, NamedTuple

from diffusers import UNet2DConditionModel
from pydantic import Field

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.training.lora import Layers, LoraRecipe, LoraTask, as_file
from graphengine.diffusion.training.material import material_of
from graphengine.diffusion.training.samples import Samples, first_texts
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.optimiser import Optimiser
from graphengine.diffusion.types.refs import ModelRef, TextEncoderRef, VaeRef
from graphengine.diffusion.types.trained import Weights
from graphengine.errors import NodeError
from graphengine.node.checkpoints import NO_CHECKPOINTS, Checkpoints
from graphengine.node.context import Context
from graphengine.node.declare import injected, node
from graphengine.types.builtin import Seed
from nodes.training.course import Course, Run, paced, uses_half

KIND = "lora"


CONTROLS = 32
"""How many pictures it is measured on."""


class _Parts(NamedTuple):
    model: ModelRef
    encoder: TextEncoderRef
    vae: VaeRef


class Trained(NamedTuple):
    """What a training leaves, and how good it is."""

    weights: Weights
    gain: float


@node(
    "training.lora", category="training", version=2, title="Train LoRA", lane="gpu", aliases=("Fine-tune", "Dreambooth")
)
def train_lora(
    model: ModelRef,
    encoder: TextEncoderRef,
    vae: VaeRef,
    dataset: Dataset,
    validation: Dataset,
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = 500,
    rate: Annotated[float, Field(gt=0, le=1)] = 1e-3,
    batch: Annotated[int, Field(ge=1, le=1024)] = 8,
    rank: Annotated[int, Field(ge=1, le=512)] = 8,
    alpha: Annotated[float, Field(gt=0, le=1024)] = 8.0,
    layers: Layers = "attention",
    caption_dropout: Annotated[float, Field(ge=0, le=1)] = 0.1,
    min_snr: Annotated[float, Field(ge=0, le=100)] = 5.0,
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0.01,
    patience: Annotated[int, Field(ge=0, le=1000)] = 0,
    seed: Seed = Seed(0),
    optimiser: Optimiser | None = None,
    *,
    pool: ModelPool = injected,
    context: Context = injected,
    checkpoints: Checkpoints = NO_CHECKPOINTS,
) -> Trained:
    """Train a LoRA that changes what a denoiser draws, such as its style.

    Optimised by AdamW; what comes out are the moving averages of the weights. The model itself is not changed. All
    randomness comes from the seed and the number of the step: a training that was cut off goes on from its last
    checkpoint, and ends in the same weights.

    Inputs:
        model, encoder, vae: the parts of the model that the LoRA is for. It is trained in fp32.
        dataset: the pictures to learn from, with captions.
        validation: pictures to measure on, apart from those; the first 32 are used.
        steps: of the optimiser; ``rate`` is its highest learning rate, ``batch`` the pictures per step.
        rank: the shorter side of the matrices: how much the LoRA can hold. Their product is scaled by ``alpha`` / rank.
        layers: those of the attention blocks alone, or also what lies between them: the convolutions of UNets, the
            feed-forward layers of transformers.
        caption_dropout: the share of captions that are left away, 0 to 1.
        min_snr: the largest signal-to-noise ratio that adds weight to the loss; 0 (and a flow) weighs all levels alike.
        weight_decay: decoupled from the gradient.
        patience: after so many of its 20 measurements without a better one it ends, with the best; 0 is never.
        seed: of the first weights, the pictures, the noise and the noise levels.
        optimiser: its finer settings, and then its weight decay; without it averages over some 100 steps.

    Outputs:
        weights: the LoRA, with keys that all tools read: of UNets as kohya's scripts write them (``lora_unet_…``), of
            transformers as diffusers does (``transformer.…``). Save it, and link the file to Apply LoRA.
        gain: the share of the error on the validation pictures that the LoRA takes away, up to 1.

    Errors: the model carries a LoRA or a ControlNet already, or the pictures do not suit its autoencoder.

    Source: Hu et al., LoRA (2022); Hang et al., Efficient Diffusion Training via Min-SNR Weighting Strategy (2023).
    """
    _refuse_unfit(model)
    how = optimiser or Optimiser(weight_decay, ema=0.99, warmup=100)
    half = uses_half(how.precision, pool.device)
    recipe = LoraRecipe(rank, alpha, layers, batch, caption_dropout, min_snr, bf16=half)
    training = paced(how, steps, rate, seed, figure="gain", patience=patience)
    run: Run = partial(training.run, checkpoints=checkpoints, context=context)
    return _train(_Parts(model, encoder, vae), (dataset, validation), recipe, training, pool, run)


def _refuse_unfit(model: ModelRef) -> None:
    """Refuse denoisers that no LoRA can be trained for."""
    if model.is_adapted:
        raise NodeError(
            "the model carries a LoRA or a ControlNet already",
            hint="Link the model as it was before; apply the others beside the new LoRA afterwards.",
        )


def _train(
    parts: _Parts, pictures: Sequence[Dataset], recipe: LoraRecipe, training: Course, pool: ModelPool, run: Run
) -> Trained:
    """Train on the first of the pictures, measured on the others."""
    model = parts.model
    shown = (pictures[0], replace(pictures[1], count=min(CONTROLS, pictures[1].count)))
    whole: ModelRef = replace(model, dtype="float32")  # small steps are lost in half precision, and moments overflow
    with pool.use(whole) as denoiser, memory_guard("training a LoRA"):
        seen, measured = (material_of(pool, parts.encoder, parts.vae, each) for each in shown)
        family, seed = pool.families[model.family], training.pace.seed
        task = LoraTask(recipe, family, denoiser, model, seen, measured, seed)
        samples = Samples(pool, family, model, parts.vae, shown[1].size, partial(first_texts, measured))
        trainer = run(task, samples=lambda: samples(task.denoiser))
        part = "unet" if isinstance(denoiser.module, UNet2DConditionModel) else "transformer"
    told = _as_read(recipe) if part == "unet" else {}
    notes = training.notes(trainer, **asdict(recipe), model=model.source.reference, **told)
    weights = Weights(KIND, as_file(trainer.average.weights, recipe.alpha, part), notes)
    return Trained(weights, trainer.outcome.figures["gain"])


def _as_read(recipe: LoraRecipe) -> Mapping[str, str]:
    """Return the notes that tools for kohya's files look for."""
    size = {"ss_network_dim": str(recipe.rank), "ss_network_alpha": str(recipe.alpha)}
    return {"ss_network_module": "networks.lora", **size}
