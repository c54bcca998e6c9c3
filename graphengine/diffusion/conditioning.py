"""Texts to conditionings."""

from collections.abc import Sequence

import torch

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.refs import TextEncoderRef


def encode_text(pool: ModelPool, encoder: TextEncoderRef, text: str) -> Conditioning:
    """Encode a prompt, with weights as :mod:`graphengine.models.prompt` reads them, of any length.

    Raises:
        ModelRefused: the encoder cannot be loaded.
        NodeError: more layers shall be skipped than there are.
        OutOfMemory: there is no room.
    """
    return encode_texts(pool, encoder, [text])[0]


def encode_texts(pool: ModelPool, encoder: TextEncoderRef, texts: Sequence[str]) -> list[Conditioning]:
    """Encode several prompts at once, each as :func:`encode_text` does but for rounding; the same errors."""
    with pool.use(encoder) as stack, torch.no_grad(), memory_guard("encoding a text"):
        entries = pool.families[encoder.family].encode(stack, texts, encoder.clip_skip)
    return [Conditioning(encoder.family, (entry,)) for entry in entries]
