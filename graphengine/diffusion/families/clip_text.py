"""Prompts through a CLIP text encoder (Radford et al. 2021): weights, windows, skipped layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graphengine.models.prompt import Fragment


@dataclass(frozen=True, slots=True)
class Window:
    """What fits into one call of the encoder: token ids from begin to end, padded, with a weight for each."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


def split_into_windows(tokenizer: Any, fragments: Sequence[Fragment], size: int) -> tuple[Window, ...]:
    """Tokenize ``fragments`` into windows of ``size`` tokens.

    Each is begin, up to ``size`` - 2 tokens of text, end, and padding. No text is one empty window. A single
    unweighted fragment that fits gives the tokens of the plain tokenizer.
    """
    pairs = [
        (token, fragment.weight)
        for fragment in fragments
        for token in tokenizer(fragment.text, add_special_tokens=False, verbose=False).input_ids
    ]
    room = size - 2
    parts = [pairs[start : start + room] for start in range(0, max(1, len(pairs)), room)]
    return tuple(_window(tokenizer, part, size) for part in parts)


def _window(tokenizer: Any, pairs: Sequence[tuple[int, float]], size: int) -> Window:
    padding = size - 2 - len(pairs)
    ids = [tokenizer.bos_token_id, *(token for token, _ in pairs), tokenizer.eos_token_id]
    weights = [1.0, *(weight for _, weight in pairs), 1.0]
    return Window((*ids, *[tokenizer.pad_token_id] * padding), (*weights, *[1.0] * padding))


def encode_windows(encoder: Any, texts: Sequence[Sequence[Window]], empty: Window, clip_skip: int) -> Sequence[Tensor]:
    """Encode the windows of some texts, all in one forward, and lay those of a text side by side.

    A weight moves a token's embedding along the line from that of an empty prompt at the same place (weight 0)
    through its own (weight 1) and beyond; where all weights are 1 nothing is computed for it.

    Args:
        encoder: a CLIP text model.
        texts: of each its windows, at least one.
        empty: the window of the empty prompt.
        clip_skip: how many of the last layers are left out.

    Returns:
        For each text embeddings of shape [1, windows · size, width], fp32 on the CPU.
    """
    windows = [window for text in texts for window in text]
    hidden = _hidden(encoder, windows, clip_skip)
    weights = torch.tensor([window.weights for window in windows], dtype=hidden.dtype).unsqueeze(-1)
    if (weights != 1).any():
        neutral = _hidden(encoder, [empty], clip_skip)
        hidden = torch.where(weights == 1, hidden, torch.lerp(neutral.expand_as(hidden), hidden, weights))
    parts = torch.split(hidden, [len(text) for text in texts])
    return [part.reshape(1, -1, hidden.shape[-1]).clone() for part in parts]


def _hidden(encoder: Any, windows: Sequence[Window], clip_skip: int) -> Tensor:
    ids = torch.tensor([window.ids for window in windows], device=encoder.device)
    if clip_skip == 0:
        hidden = encoder(ids).last_hidden_state
    else:
        states = encoder(ids, output_hidden_states=True).hidden_states
        hidden = encoder.final_layer_norm(states[-(clip_skip + 1)])
    result: Tensor = hidden.float().cpu()
    return result
