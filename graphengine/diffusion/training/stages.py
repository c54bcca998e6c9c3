"""The recipe's stages, each from files to files in one training folder: autoencoder, denoiser, export."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from transformers import CLIPTokenizer

from graphengine.diffusion.drawing.caption import caption
from graphengine.diffusion.training.autoencoder import AutoencoderRecipe, AutoencoderTask, build_autoencoder
from graphengine.diffusion.training.checkpoint import load_checkpoint
from graphengine.diffusion.training.denoiser import (
    DenoiserRecipe,
    DenoiserTask,
    build_scheduler,
    build_text_encoder,
    build_unet,
)
from graphengine.diffusion.training.latents import load_latents
from graphengine.diffusion.training.loop import Pace, Stop, Trainer
from graphengine.diffusion.training.tokenizer import train_tokenizer


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


class MissingStageError(Exception):
    """A stage was started before the one whose result it needs."""


def train_autoencoder(
    folder: TrainingFolder, recipe: AutoencoderRecipe, pace: Pace, stop: Stop, device: torch.device
) -> None:
    """Train the autoencoder, or continue."""
    torch.manual_seed(pace.seed)
    Trainer(AutoencoderTask(recipe, device), pace, folder.autoencoder).run(stop)


def train_denoiser(
    folder: TrainingFolder,
    recipes: tuple[AutoencoderRecipe, DenoiserRecipe],
    pictures: int,
    pace: Pace,
    stop: Stop,
    device: torch.device,
) -> None:
    """Encode the pictures (once), then train denoiser and text encoder, or continue.

    Args:
        folder: where the autoencoder's checkpoint is, and where all results go.
        recipes: of the autoencoder and of the denoiser.
        pictures: number of training pictures.
        pace: how to optimise; its seed is also the pictures'.
        stop: when to stop.
        device: where to compute.

    Raises:
        MissingStageError: if the autoencoder was never trained.
    """
    vae = load_autoencoder(folder, recipes[0])
    cache = load_latents(folder.latents, vae.to(device), pictures, pace.seed, recipes[1].size)
    if not folder.tokenizer.exists():
        rng = np.random.default_rng(pace.seed)
        train_tokenizer(caption(scene, rng) for scene in cache.scenes).save_pretrained(folder.tokenizer)
    tokenizer = CLIPTokenizer.from_pretrained(folder.tokenizer, local_files_only=True)
    torch.manual_seed(pace.seed)
    task = DenoiserTask(recipes[1], cache, tokenizer, device)
    Trainer(task, pace, folder.denoiser).run(stop)


def load_autoencoder(folder: TrainingFolder, recipe: AutoencoderRecipe) -> AutoencoderTiny:
    """Return the trained autoencoder with averaged weights, in fp32 on the CPU.

    Raises:
        MissingStageError: if it was never trained.
    """
    state = load_checkpoint(folder.autoencoder)
    if state is None:
        raise MissingStageError(f"no autoencoder at {folder.autoencoder}: train it first")
    vae = build_autoencoder(recipe).to(memory_format=torch.channels_last)
    vae.load_state_dict(state["average"])
    return vae.eval().requires_grad_(False)


def export(folder: TrainingFolder, recipes: tuple[AutoencoderRecipe, DenoiserRecipe], out: Path) -> None:
    """Write the trained model as a plain diffusers folder in fp16.

    The latents' scale goes into the autoencoder's `scaling_factor`, where every pipeline looks for it.

    Raises:
        MissingStageError: if autoencoder or denoiser were never trained.
    """
    state, cached = load_checkpoint(folder.denoiser), load_checkpoint(folder.latents)
    if state is None or cached is None:
        raise MissingStageError(f"no denoiser at {folder.denoiser}: train it first")
    vae = load_autoencoder(folder, recipes[0])
    vae.register_to_config(scaling_factor=1 / cached["latents"].float().std().item())
    tokenizer = CLIPTokenizer.from_pretrained(folder.tokenizer, local_files_only=True)
    unet, text_encoder = build_unet(recipes[1]), build_text_encoder(recipes[1], tokenizer)
    module = torch.nn.ModuleDict({"unet": unet, "text_encoder": text_encoder})
    module.load_state_dict(state["average"])
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    for part in (vae, unet, text_encoder):
        torch.nn.Module.half(part)
    pipeline.save_pretrained(out, safe_serialization=True)
    # The autoencoder derives this entry from others, and warns about it when it is given.
    _rewrite(out / "vae" / "config.json", lambda config: config.pop("block_out_channels", None))
    # transformers computes in the type named here, diffusers in fp32: files are fp16, both shall compute in fp32.
    _rewrite(out / "text_encoder" / "config.json", lambda config: config.update(dtype="float32"))


def _rewrite(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit a JSON file in place."""
    config = json.loads(path.read_text())
    edit(config)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
