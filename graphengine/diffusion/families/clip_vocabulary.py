"""CLIP's own vocabulary, for checkpoints that come without one.

The byte-pair merges are those of the CLIP release, from the open_clip distribution (MIT, see the notice
beside the file). Vocabulary and merge rules follow from them as in Radford et al. 2021: 256 bytes, the same
at the end of a word, one token per merge, begin and end: 49,408 tokens.
"""

import gzip
from importlib.resources import files
from typing import Any

from transformers import CLIPTokenizer

BEGIN = "<|startoftext|>"
END = "<|endoftext|>"
_MERGES = 49152 - 256 - 2
_LONGEST = 77  # tokens of a CLIP text


def clip_tokenizer(pad_token: str) -> Any:
    """Make CLIP's tokenizer.

    Args:
        pad_token: what fills a text up: the end token for SD 1, ``!`` for SD 2.
    """
    archive = files("graphengine.diffusion.families") / "vocabulary" / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(archive.read_bytes()).decode().split("\n")
    merges = [tuple(line.split()) for line in lines[1 : _MERGES + 1]]
    letters = [*map(chr, _byte_letters())]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges), BEGIN, END]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad_token, model_max_length=_LONGEST)


def _byte_letters() -> list[int]:
    """Return the code points that stand for the 256 bytes.

    Printable Latin-1 stands for itself, the rest follows from 256 upward: this is the
    alphabet of byte-level byte-pair encoding (Radford et al. 2019).
    """
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    return [*printable, *range(256, 256 + 256 - len(printable))]
