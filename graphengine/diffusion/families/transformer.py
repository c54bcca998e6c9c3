"""What the families share whose denoiser is a transformer over the tokens of picture and text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.families.family import Predict
from graphengine.diffusion.loaded import Denoiser
from graphengine.diffusion.types.conditioning import ConditioningEntry
from graphengine.diffusion.types.latent import Latent
from graphengine.errors import NodeError

Forward = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""One call of the network: from latents [rows, channels, height, width], a timestep, embeddings [rows, tokens, width]
and pooled embeddings [rows, width] to predictions in the shape of the latents."""


def predict_by_transformer(
    denoiser: Denoiser, entries: Sequence[ConditioningEntry], latent: Latent, forward: Forward
) -> Predict:
    """Prepare a sampling; see :meth:`graphengine.diffusion.families.family.Family.begin`.

    Texts are tokens among those of the picture, and not padded: those of different lengths go through the network one
    length after the other.

    Raises:
        NodeError: the texts are of another encoder, or the latent does not divide into patches.
    """
    _check(denoiser.module.config, entries, latent)
    device, dtype, batch = denoiser.device, denoiser.dtype, latent.batch
    groups: dict[int, list[int]] = {}
    for index, entry in enumerate(entries):
        groups.setdefault(entry.embeddings.shape[1], []).append(index)
    texts = []
    for group in groups.values():
        members = [entries[index] for index in group]
        embeddings = torch.cat([each.embeddings.expand(batch, -1, -1) for each in members]).to(device, dtype)
        vectors = [each.pooled for each in members if each.pooled is not None]
        texts.append((group, embeddings, torch.cat([each.expand(batch, -1) for each in vectors]).to(device, dtype)))

    def predict(latents: Tensor, timestep: Tensor) -> Tensor:
        found: dict[int, Tensor] = {}
        for group, embeddings, pooled in texts:
            rows = latents.to(dtype).repeat(len(group), 1, 1, 1)
            output = forward(rows, timestep, embeddings, pooled).float()
            found |= dict(zip(group, torch.split(output, batch), strict=True))
        return torch.stack([found[index] for index in range(len(entries))])

    return predict


def shift_by_size(scheduler: Mapping[str, Any], tokens: int, highest: float) -> float:
    """Return how far noise levels are moved for a picture of so many tokens: on a line between two sizes.

    Esser et al. 2024, section 5.3, in the form in which the models were released.

    Args:
        scheduler: the configuration of training, which says where the line lies.
        highest: the shift of the larger size where it does not say.
    """
    few, many = scheduler.get("base_image_seq_len", 256), scheduler.get("max_image_seq_len", 4096)
    low, high = scheduler.get("base_shift", 0.5), scheduler.get("max_shift", highest)
    slope = (high - low) / (many - few)
    shift: float = tokens * slope + (low - slope * few)
    return shift


def tokens_of(latent: Latent) -> int:
    """Return how many patches a latent is."""
    patch = latent.spec.patch
    return (latent.samples.shape[-2] // patch) * (latent.samples.shape[-1] // patch)


def check_patches(latent: Latent) -> None:
    """Refuse a latent that does not divide into patches.

    Raises:
        NodeError: it does not.
    """
    height, width = latent.samples.shape[-2:]
    patch, step = latent.spec.patch, latent.spec.step
    if height % patch or width % patch:
        raise NodeError(
            f"a latent of {width} x {height} cells cannot be sampled: the model takes {patch} x {patch} of them as one",
            hint=f"The sides of the picture must be multiples of {step} pixels.",
        )


def _check(config: Any, entries: Sequence[ConditioningEntry], latent: Latent) -> None:
    check_patches(latent)
    for entry in entries:
        given = (entry.embeddings.shape[-1], 0 if entry.pooled is None else entry.pooled.shape[-1])
        taken = (config.joint_attention_dim, config.pooled_projection_dim)
        if given != taken:
            raise NodeError(
                f"the text was encoded in vectors of {given[0]} and {given[1]} numbers, "
                f"the model takes {taken[0]} and {taken[1]}",
                hint="Encode the text with the text encoder of the same model.",
            )
