"""The last stage: an exported model goes on learning where two figures belong.

Most of the order of two figures ("left of", "above") is learnt late, long after their colours and shapes, and pictures
of two are a quarter of the mixture of the stages before. Here they are the most.
"""

from pathlib import Path

import torch
from safetensors.torch import save

from graphengine.diffusion.drawing.sample import Mixture
from graphengine.diffusion.training.checkpoint import FileKeeper, load_checkpoint
from graphengine.diffusion.training.denoiser import DenoiserRecipe, DenoiserTask
from graphengine.diffusion.training.judging import load_pipeline
from graphengine.diffusion.training.latents import load_latents
from graphengine.diffusion.training.loop import Pace, Stop, Trainer
from graphengine.diffusion.training.stages import MissingStageError, TrainingFolder
from graphengine.files.atomic import write_atomically

MIXTURE = Mixture(one_figure=0.25, two_figures=0.6)
"""What the pictures of this stage show."""

_PARTS = {"unet": "diffusion_pytorch_model.safetensors", "text_encoder": "model.safetensors"}


def train_layout(
    folder: TrainingFolder,
    recipe: DenoiserRecipe,
    model: Path,
    pictures: int,
    pace: Pace,
    stop: Stop,
    device: torch.device,
) -> None:
    """Train denoiser and text encoder of an exported model, or continue; the model itself stays as it is.

    Args:
        folder: where the checkpoint and the cache of latents go.
        recipe: the model's.
        model: the exported model's folder.
        pictures: number of training pictures.
        pace: how to optimise; its seed is also the pictures'.
        stop: when to stop.
        device: where to compute.
    """
    pipeline = load_pipeline(model)
    vae = pipeline.vae.to(device, memory_format=torch.channels_last).requires_grad_(False)
    scale = float(vae.config.scaling_factor)
    cache = load_latents(folder.layout_latents, vae, pictures, pace.seed, recipe.size, mixture=MIXTURE, scale=scale)
    torch.manual_seed(pace.seed)
    task = DenoiserTask(recipe, cache, pipeline.tokenizer, device)
    task.unet.load_state_dict(pipeline.unet.state_dict())
    task.text_encoder.load_state_dict(pipeline.text_encoder.state_dict())
    Trainer(task, pace, FileKeeper(folder.layout)).run(stop)


def put_layout(folder: TrainingFolder, model: Path) -> None:
    """Put the averaged weights of this stage into the exported model, in fp16, in the place of those it began with.

    Raises:
        MissingStageError: if the stage was never trained.
    """
    state = load_checkpoint(folder.layout)
    if state is None:
        raise MissingStageError(f"no checkpoint at {folder.layout}: train the layout first")
    for part, name in _PARTS.items():
        weights = {
            key.removeprefix(f"{part}."): weight.half().contiguous()
            for key, weight in state["average"].items()
            if key.startswith(f"{part}.")
        }
        write_atomically(model / part / name, save(weights, metadata={"format": "pt"}))
