"""A small byte-level BPE tokenizer (Sennrich et al. 2016) in CLIP's form, learnt from drawn captions.

Every byte is in the vocabulary, in the middle and at the end of a word, so that no text is unknown: words of
the captions become one token, all others are spelt.
"""

import json
from collections.abc import Iterable

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

MAX_TOKENS = 32
"""Tokens of an encoded caption with start, end and padding."""

_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORD_END = "</w>"


def train_tokenizer(captions: Iterable[str], size: int = 1024) -> CLIPTokenizer:
    """Learn merges from captions.

    Args:
        captions: the texts to learn from.
        size: largest vocabulary to learn, more than 512 (all bytes, in two forms).

    Returns:
        A tokenizer that saves and loads as an ordinary `CLIPTokenizer`; it lower-cases and pads to 32 tokens.
    """
    learner = Tokenizer(models.BPE(end_of_word_suffix=_WORD_END))
    frame = CLIPTokenizer().backend_tokenizer
    learner.normalizer, learner.pre_tokenizer = frame.normalizer, frame.pre_tokenizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=alphabet, end_of_word_suffix=_WORD_END, show_progress=False
    )
    learner.train_from_iterator(captions, trainer)
    merges: list[tuple[str, str]] = [(a, b) for a, b in json.loads(learner.to_str())["model"]["merges"]]
    # CLIP's order: bytes, bytes that end a word, merges in the order learnt, start and end.
    tokens = [*alphabet, *(byte + _WORD_END for byte in alphabet), *(a + b for a, b in merges), _START, _END]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_TOKENS)
