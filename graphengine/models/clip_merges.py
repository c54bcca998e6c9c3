"""CLIP's own byte-pair merges, for checkpoints that come without a vocabulary.

They are those of the CLIP release, from the open_clip distribution (MIT, see the notice beside the file).
"""

import gzip
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

COUNT: Final = 49152 - 256 - 2
"""How many of the merges in the file CLIP knows."""

LONGEST: Final = 77
"""The tokens of a CLIP text, begin and end included."""


def clip_merges() -> Sequence[tuple[str, str]]:
    """Return the pairs of pieces that CLIP joins, the most frequent first."""
    archive = files("graphengine.models") / "vocabulary" / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(archive.read_bytes()).decode().split("\n")
    return [(left, right) for left, right in (line.split() for line in lines[1 : COUNT + 1])]


def byte_letters() -> Mapping[int, str]:
    """Return the letters that stand for the 256 bytes, in the order in which vocabularies have them.

    Printable Latin-1 stands for itself, the rest follows from 256 upward: this is the
    alphabet of byte-level byte-pair encoding (Radford et al. 2019).
    """
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}
