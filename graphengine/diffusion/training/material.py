"""A dataset as a diffusion model sees it: latents and encoded captions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from graphengine.diffusion.conditioning import encode_text
from graphengine.diffusion.datasets import Reader
from graphengine.diffusion.hints import hints_of
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.conditioning import ConditioningEntry, of_one_length
from graphengine.diffusion.types.dataset import Dataset
from graphengine.diffusion.types.image import Image
from graphengine.diffusion.types.refs import TextEncoderRef, VaeRef
from graphengine.diffusion.vae import encode
from graphengine.errors import NodeError

_KEPT = 4096  # latents, and encoded captions
_KEPT_BYTES = 256 * 2**20  # of hints


def _no_hint(index: int) -> Tensor:
    raise NodeError(f"nothing is shown of picture {index}", hint="Link a dataset with hints.")


@dataclass(frozen=True)
class Material:
    """Pictures as a model sees them, and what they show.

    Attributes:
        count: how many there are.
        latent: makes the latent of the picture at an index: [1, channels, height, width].
        text: encodes the caption of the picture at an index; at None the empty one.
        hint: makes what a ControlNet shall read of the picture at an index: [1, 3, size, size], 0 to 1.
    """

    count: int
    latent: Callable[[int], Tensor]
    text: Callable[[int | None], ConditioningEntry]
    hint: Callable[[int], Tensor] = _no_hint


def material_of(pool: ModelPool, encoder: TextEncoderRef, vae: VaeRef, dataset: Dataset) -> Material:
    """Return the pictures of a dataset as a model sees them; each is encoded alone, so that equal ones are equal.

    Raises:
        NodeError: there are no such hints.
    """
    reader = Reader(dataset)

    @lru_cache(_KEPT)
    def latent(index: int) -> Tensor:
        pixels = torch.from_numpy(reader.stack(index, 1)).float() / 255
        return encode(pool, vae, Image(pixels)).samples

    @lru_cache(_KEPT)
    def text(index: int | None) -> ConditioningEntry:
        return encode_text(pool, encoder, "" if index is None else _plain(reader.caption(index))).entries[0]

    if dataset.hints is None:
        return Material(dataset.count, latent, text)
    kept = max(1, _KEPT_BYTES // (12 * dataset.size**2))
    return Material(dataset.count, latent, text, lru_cache(kept)(hints_of(dataset)))


def _plain(caption: str) -> str:
    """Let brackets in a caption mean nothing."""
    return "".join(f"\\{sign}" if sign in "()[]\\" else sign for sign in caption)


def joined(texts: list[ConditioningEntry]) -> ConditioningEntry:
    """Put texts into one entry with a row for each."""
    pooled = [each.pooled for each in texts if each.pooled is not None]
    return ConditioningEntry(torch.cat(of_one_length(texts)), torch.cat(pooled) if pooled else None)
