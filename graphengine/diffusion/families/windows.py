"""Prompts through text encoders that read a fixed number of tokens: weights, and texts of any length."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graphengine.diffusion.loaded import TextStack
from graphengine.models.prompt import Fragment


@dataclass(frozen=True, slots=True)
class Window:
    """What fits into one call of an encoder: token ids from begin to end, padded, with a weight for each."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TextStates:
    """What an encoder makes of texts.

    Attributes:
        tokens: fp32 of shape [texts, tokens, width], on the CPU.
        pooled: one vector for each text, of shape [texts, width], where the encoder has such.
    """

    tokens: Tensor
    pooled: Tensor | None = None


Read = Callable[[Any, Tensor], TextStates]
"""From an encoder and token ids [windows, size] to what it makes of them."""


def split_into_windows(tokenizer: Any, fragments: Sequence[Fragment], size: int) -> tuple[Window, ...]:
    """Tokenize ``fragments`` into windows of ``size`` tokens.

    Each is begin, where the tokenizer knows one, tokens of text, end, and padding. No text is one empty window. A
    single unweighted fragment that fits gives the tokens of the plain tokenizer.
    """
    pairs = [
        (token, fragment.weight)
        for fragment in fragments
        for token in tokenizer(fragment.text, add_special_tokens=False, verbose=False).input_ids
    ]
    begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    room = size - len(begin) - 1
    parts = [pairs[start : start + room] for start in range(0, max(1, len(pairs)), room)]
    return tuple(_window(tokenizer, begin, part, size) for part in parts)


def _window(tokenizer: Any, begin: Sequence[int], pairs: Sequence[tuple[int, float]], size: int) -> Window:
    ids = [*begin, *(token for token, _ in pairs), tokenizer.eos_token_id]
    weights = [*(1.0 for _ in begin), *(weight for _, weight in pairs), 1.0]
    padding = size - len(ids)
    return Window((*ids, *[tokenizer.pad_token_id] * padding), (*weights, *[1.0] * padding))


def encode_texts(
    stack: TextStack, index: int, texts: Sequence[Sequence[Fragment]], size: int, read: Read
) -> Sequence[TextStates]:
    """Encode texts by one of the encoders of a stack, in one forward, each with its windows side by side.

    A weight moves a token's embedding along the line from that of an empty text at the same place (weight 0) through
    its own (weight 1) and beyond; where all weights are 1 nothing is computed for it.

    Args:
        stack: the encoders with their tokenizers.
        index: which of them.
        texts: the fragments of each.
        size: the tokens of a window.
        read: how the encoder is read.

    Returns:
        For each text the states, of shape [1, windows · size, width]; the vector is that of the first window.
    """
    encoder, tokenizer = stack.encoders[index], stack.tokenizers[index]
    with stack.lock:
        split = [split_into_windows(tokenizer, text, size) for text in texts]
        (empty,) = split_into_windows(tokenizer, (), size)
    states = _states(encoder, [window for windows in split for window in windows], empty, read)
    parts = [len(windows) for windows in split]
    tokens = [part.reshape(1, -1, part.shape[-1]).clone() for part in torch.split(states.tokens, parts)]
    if states.pooled is None:
        return [TextStates(each) for each in tokens]
    pooled = [part[:1].clone() for part in torch.split(states.pooled, parts)]
    return [TextStates(*each) for each in zip(tokens, pooled, strict=True)]


def side_by_side(states: Sequence[Tensor]) -> Tensor:
    """Join what encoders made of a text, [1, tokens, width] each, along the width; shorter ones are repeated."""
    tokens = max(each.shape[1] for each in states)
    rows = [each.repeat(1, -(-tokens // each.shape[1]), 1)[:, :tokens] for each in states]
    return torch.cat(rows, dim=-1)


def _states(encoder: Any, windows: Sequence[Window], empty: Window, read: Read) -> TextStates:
    states = _read(encoder, windows, read)
    tokens = states.tokens
    weights = torch.tensor([window.weights for window in windows], dtype=tokens.dtype).unsqueeze(-1)
    if (weights != 1).any():
        neutral = _read(encoder, [empty], read).tokens
        tokens = torch.where(weights == 1, tokens, torch.lerp(neutral.expand_as(tokens), tokens, weights))
    return TextStates(tokens, states.pooled)


def _read(encoder: Any, windows: Sequence[Window], read: Read) -> TextStates:
    states = read(encoder, torch.tensor([window.ids for window in windows], device=encoder.device))
    pooled = None if states.pooled is None else states.pooled.float().cpu()
    return TextStates(states.tokens.float().cpu(), pooled)
