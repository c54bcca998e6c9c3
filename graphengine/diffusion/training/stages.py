"""The stages of training, each from files to files in one folder: autoencoder, then denoiser."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from transformers import CLIPTokenizer

from graphengine.diffusion.drawing.caption import caption
from graphengine.diffusion.training.autoencoder import AutoencoderRecipe, autoencoder_task, build_autoencoder
from graphengine.diffusion.training.checkpoint import FileKeeper, load_checkpoint
from graphengine.diffusion.training.denoiser import DenoiserRecipe, DenoiserTask
from graphengine.diffusion.training.latents import load_latents
from graphengine.diffusion.training.loop import Pace, Stop, Trainer
from graphengine.diffusion.training.tokenizer import train_tokenizer
from graphengine.errors import GraphEngineError


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """Where the stages keep their files."""

    root: Path

    @property
    def autoencoder(self) -> Path:
        """The autoencoder's checkpoint."""
        return self.root / "vae.pt"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer's folder."""
        return self.root / "tokenizer"

    @property
    def latents(self) -> Path:
        """The cache of encoded pictures."""
        return self.root / "latents.pt"

    @property
    def denoiser(self) -> Path:
        """The checkpoint of denoiser and text encoder."""
        return self.root / "denoiser.pt"

    @property
    def layout(self) -> Path:
        """The checkpoint of the stage after that, which learns where two figures belong."""
        return self.root / "layout.pt"

    @property
    def layout_latents(self) -> Path:
        """The cache of that stage's encoded pictures."""
        return self.root / "layout-latents.pt"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The whole model: its autoencoder, and its denoiser with the text encoder."""

    autoencoder: AutoencoderRecipe = field(default_factory=AutoencoderRecipe)
    denoiser: DenoiserRecipe = field(default_factory=DenoiserRecipe)


class MissingStageError(GraphEngineError):
    """A stage was started before the one whose result it needs."""


def train_autoencoder(folder: TrainingFolder, recipe: Recipe, pace: Pace, stop: Stop, device: torch.device) -> None:
    """Train the autoencoder, or continue."""
    torch.manual_seed(pace.seed)
    Trainer(autoencoder_task(recipe.autoencoder, device), pace, FileKeeper(folder.autoencoder)).run(stop)


def train_denoiser(
    folder: TrainingFolder,
    recipe: Recipe,
    pictures: int,
    pace: Pace,
    stop: Stop,
    device: torch.device,
) -> None:
    """Encode the pictures (once), then train denoiser and text encoder, or continue.

    Args:
        folder: where the autoencoder's checkpoint is, and where all results go.
        recipe: the model.
        pictures: number of training pictures.
        pace: how to optimise; its seed is also the pictures'.
        stop: when to stop.
        device: where to compute.

    Raises:
        MissingStageError: if the autoencoder was never trained.
    """
    vae = load_autoencoder(folder, recipe)
    cache = load_latents(folder.latents, vae.to(device), pictures, pace.seed, recipe.denoiser.size)
    if not folder.tokenizer.exists():
        rng = np.random.default_rng(pace.seed)
        train_tokenizer(caption(scene, rng) for scene in cache.scenes).save_pretrained(folder.tokenizer)
    torch.manual_seed(pace.seed)
    task = DenoiserTask(recipe.denoiser, cache, load_tokenizer(folder), device)
    Trainer(task, pace, FileKeeper(folder.denoiser)).run(stop)


def load_autoencoder(folder: TrainingFolder, recipe: Recipe) -> AutoencoderTiny:
    """Return the trained autoencoder with averaged weights, in fp32 on the CPU.

    Raises:
        MissingStageError: if it was never trained.
    """
    state = load_checkpoint(folder.autoencoder)
    if state is None:
        raise MissingStageError(f"no autoencoder at {folder.autoencoder}: train it first")
    vae = build_autoencoder(recipe.autoencoder).to(memory_format=torch.channels_last)
    vae.load_state_dict(state["average"])
    return vae.eval().requires_grad_(False)


def load_tokenizer(folder: TrainingFolder) -> CLIPTokenizer:
    """Return the tokenizer that was learnt before the denoiser.

    Raises:
        MissingStageError: if there is none.
    """
    if not folder.tokenizer.exists():
        raise MissingStageError(f"no tokenizer at {folder.tokenizer}: train the denoiser first")
    return CLIPTokenizer.from_pretrained(folder.tokenizer, local_files_only=True)
