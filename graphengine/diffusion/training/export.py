"""The export: trained parts as a folder that every diffusers user can load."""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from torch import Tensor

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.exporting import tidy
from graphengine.diffusion.preview import LinearPreview
from graphengine.diffusion.training.checkpoint import load_checkpoint
from graphengine.diffusion.training.denoiser import build_scheduler, build_text_encoder, build_unet
from graphengine.diffusion.training.latents import scene_at, unit_scale
from graphengine.diffusion.training.stages import (
    MissingStageError,
    Recipe,
    TrainingFolder,
    load_autoencoder,
    load_tokenizer,
)
from graphengine.diffusion.types.image import Image

PREVIEW_PICTURES = 256
"""How many pictures the preview of latents is fitted to."""


def export(folder: TrainingFolder, recipe: Recipe, out: Path) -> None:
    """Write the trained model as a plain diffusers folder in fp16.

    The latents' scale goes into the autoencoder's `scaling_factor`, where every pipeline looks for it.

    Raises:
        MissingStageError: if autoencoder or denoiser were never trained.
    """
    state, cached = load_checkpoint(folder.denoiser), load_checkpoint(folder.latents)
    if state is None or cached is None:
        raise MissingStageError(f"no denoiser at {folder.denoiser}: train it first")
    vae = load_autoencoder(folder, recipe)
    latents = cached["latents"].float()
    scale = unit_scale(latents)
    vae.register_to_config(scaling_factor=scale)
    tokenizer = load_tokenizer(folder)
    unet, text_encoder = build_unet(recipe.denoiser), build_text_encoder(recipe.denoiser, tokenizer)
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
    _write_preview(latents[:PREVIEW_PICTURES] * scale, cached["seed"], cached["size"], out)
    for name, part in (("vae", vae), ("text_encoder", text_encoder)):
        tidy(out / name, part)


def _write_preview(latents: Tensor, seed: int, size: int, out: Path) -> None:
    """Fit the cheap preview of latents to the pictures they were made of."""
    pictures = np.stack([render(scene_at(index, seed), size) for index in range(len(latents))])
    preview = LinearPreview.fit(latents, Image(torch.from_numpy(pictures).float() / 255))
    (out / "preview.json").write_text(json.dumps(preview.to_json(), indent=2) + "\n")
