"""CLIP's own tokenizer, for checkpoints that come without one.

Vocabulary and merge rules follow from the merges as in Radford et al. 2021: 256 bytes, the same
at the end of a word, one token per merge, begin and end: 49,408 tokens.
"""

from typing import Any

from transformers import CLIPTokenizer

from graphengine.models.clip_merges import LONGEST, byte_letters, clip_merges

BEGIN = "<|startoftext|>"
END = "<|endoftext|>"


def clip_tokenizer(pad_token: str) -> Any:
    """Make CLIP's tokenizer.

    Args:
        pad_token: what fills a text up: the end token for SD 1, ``!`` for SD 2.
    """
    merges = clip_merges()
    letters = [*byte_letters().values()]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges), BEGIN, END]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=list(merges), pad_token=pad_token, model_max_length=LONGEST)
