"""A dataset as a diffusion model sees it: latents and encoded captions."""

from collections.abc import Callable, Sequence
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

_TEXTS = 4096  # encoded captions that are kept
_LATENT_BYTES = 256 * 2**20  # and latents: to encode a picture takes longer than to learn from it
_HINT_BYTES = 256 * 2**20


def _no_hint(index: int) -> Tensor:
    raise NodeError(f"nothing is shown of picture {index}", hint="Link a dataset with hints.")


@dataclass(frozen=True)
class Material:
    """Pictures as a model sees them, and what they show.

    Attributes:
        count: how many there are.
        latent: makes the latent of the picture at an index: [1, channels, height, width].
        text: encodes the caption of the picture at an index; at None the empty one.
        caption: the caption as a prompt, likewise.
        hint: makes what a ControlNet shall read of the picture at an index: [1, 3, size, size], 0 to 1.
    """

    count: int
    latent: Callable[[int], Tensor]
    text: Callable[[int | None], ConditioningEntry]
    caption: Callable[[int | None], str]
    hint: Callable[[int], Tensor] = _no_hint

    def texts(self, indices: Sequence[int | None]) -> ConditioningEntry:
        """Encode the captions of several pictures: a row for each."""
        return joined([self.text(index) for index in indices])


@dataclass(frozen=True)
class Captions:
    """The captions of a dataset as a model reads them.

    Attributes:
        count: how many there are.
        text: encodes the caption at an index; at None the empty one.
        caption: the caption as a prompt, likewise.
    """

    count: int
    text: Callable[[int | None], ConditioningEntry]
    caption: Callable[[int | None], str]

    def rows(self, indices: Sequence[int | None]) -> ConditioningEntry:
        """Encode several captions: a row for each."""
        return joined([self.text(index) for index in indices])


def captions_of(pool: ModelPool, encoder: TextEncoderRef, dataset: Dataset) -> Captions:
    """Return the captions of a dataset as a model reads them; each is encoded alone, so that equal ones are equal."""
    reader = Reader(dataset)

    def caption(index: int | None) -> str:
        return "" if index is None else _plain(reader.caption(index))

    @lru_cache(_TEXTS)
    def text(index: int | None) -> ConditioningEntry:
        return encode_text(pool, encoder, caption(index)).entries[0]

    return Captions(dataset.count, text, caption)


def material_of(pool: ModelPool, encoder: TextEncoderRef, vae: VaeRef, dataset: Dataset) -> Material:
    """Return the pictures of a dataset as a model sees them; each is encoded alone, so that equal ones are equal.

    Raises:
        NodeError: there are no such hints.
    """
    reader, captions = Reader(dataset), captions_of(pool, encoder, dataset)

    def latent(index: int) -> Tensor:
        pixels = torch.from_numpy(reader.stack(index, 1)).float() / 255
        return encode(pool, vae, Image(pixels)).samples

    kept = lru_cache(max(1, _LATENT_BYTES // latent(0).nbytes))(latent)
    if dataset.hints is None:
        return Material(dataset.count, kept, captions.text, captions.caption)
    hint = lru_cache(max(1, _HINT_BYTES // (12 * dataset.size**2)))(hints_of(dataset))
    return Material(dataset.count, kept, captions.text, captions.caption, hint)


def _plain(caption: str) -> str:
    """Let brackets in a caption mean nothing."""
    return "".join(f"\\{sign}" if sign in "()[]\\" else sign for sign in caption)


def joined(texts: Sequence[ConditioningEntry]) -> ConditioningEntry:
    """Put texts into one entry with a row for each."""
    pooled = [each.pooled for each in texts if each.pooled is not None]
    return ConditioningEntry(torch.cat(of_one_length(texts)), torch.cat(pooled) if pooled else None)
