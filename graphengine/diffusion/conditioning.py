"""Texts to conditionings."""

import torch

from graphengine.diffusion.devices import memory_guard
from graphengine.diffusion.pool import ModelPool
from graphengine.diffusion.types.conditioning import Conditioning
from graphengine.diffusion.types.refs import TextEncoderRef


def encode_text(pool: ModelPool, encoder: TextEncoderRef, text: str) -> Conditioning:
    """Encode a prompt, with weights as :mod:`graphengine.diffusion.prompt` reads them, of any length.

    Raises:
        ModelRefused: the encoder cannot be loaded.
        NodeError: more layers shall be skipped than there are.
        OutOfMemory: there is no room.
    """
    with pool.use(encoder) as stack, torch.no_grad(), memory_guard("encoding a text"):
        entry = pool.families[encoder.family].encode(stack, text, encoder.clip_skip)
    return Conditioning(encoder.family, (entry,))
