"""The cache of encoded pictures: encoding is dear, so every picture is encoded once."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor

from graphengine.diffusion.drawing.render import render
from graphengine.diffusion.drawing.sample import MIXTURE, Mixture, sample_scene
from graphengine.diffusion.drawing.scene import Scene
from graphengine.diffusion.training.checkpoint import load_checkpoint, save_checkpoint
from graphengine.diffusion.training.reconstruction import to_tensor

_CHUNK = 50


@dataclass(frozen=True, slots=True)
class LatentCache:
    """Encoded pictures and what they show.

    Attributes:
        latents: shape (n, channels, height, width), fp32, scaled to unit variance.
        scenes: the n scenes, from which captions are phrased anew each time.
    """

    latents: Tensor
    scenes: tuple[Scene, ...]


def scene_at(index: int, seed: int, mixture: Mixture = MIXTURE) -> Scene:
    """Sample the training scene of that number again: scenes need no storage."""
    return sample_scene(np.random.default_rng((seed, index)), mixture)


@torch.no_grad()
def load_latents(
    path: Path,
    vae: AutoencoderTiny,
    count: int,
    seed: int,
    size: int = 128,
    *,
    mixture: Mixture = MIXTURE,
    scale: float | None = None,
) -> LatentCache:
    """Return the first `count` training pictures as latents, cached at `path`.

    Args:
        path: the cache file; one of another autoencoder, count, seed, size or mixture is replaced.
        vae: the trained autoencoder, in fp32.
        count: number of pictures.
        seed: root of the scenes' randomness.
        size: side of the pictures in pixels.
        mixture: of the scenes.
        scale: what the latents are multiplied by; None: what brings them to unit variance.
    """
    scenes = tuple(scene_at(index, seed, mixture) for index in range(count))
    origin = {"autoencoder": _digest(vae), "count": count, "seed": seed, "size": size, "mixture": asdict(mixture)}
    state = load_checkpoint(path)
    if state is None or any(state.get(name) != value for name, value in origin.items()):
        raw = torch.cat([_encode(vae, scenes[i : i + _CHUNK], size) for i in range(0, count, _CHUNK)])
        state = {**origin, "latents": raw.half()}
        save_checkpoint(path, state)
    latents: Tensor = state["latents"].float()
    return LatentCache(latents * (scale or unit_scale(latents)), scenes)


def unit_scale(latents: Tensor) -> float:
    """Return the factor that brings latents to unit variance."""
    return 1 / latents.std().item()


def _digest(vae: AutoencoderTiny) -> str:
    """Return the SHA-256 of the autoencoder's weights."""
    digest = hashlib.sha256()
    for weight in vae.state_dict().values():
        digest.update(weight.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def _encode(vae: AutoencoderTiny, scenes: tuple[Scene, ...], size: int) -> Tensor:
    """Latents of a few scenes' pictures, fp32 on the CPU."""
    pictures = to_tensor(np.stack([render(scene, size) for scene in scenes]))
    with torch.autocast(vae.device.type, torch.bfloat16):
        latents: Tensor = vae.encode(pictures.to(vae.device)).latents
    return latents.float().cpu()
