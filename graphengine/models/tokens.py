"""How many tokens a text is for a model: byte-level byte-pair encoding as CLIP does it (Radford et al. 2021).

It reads the tables that lie beside the weights and needs nothing else, so that who only shows a prompt can count
it without loading what computes with it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from graphengine.models.clip_merges import byte_letters

_END: Final = "</w>"
_SPECIAL: Final = re.compile(r"<\|startoftext\|>|<\|endoftext\|>")
_SHORTENED: Final = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
_SPACES: Final = frozenset("\t\n\v\f\r\x85")
_LETTERS: Final = byte_letters()
_LEAST_WORD: Final = 3
"""The letters of the shortest word that is worth being offered to who types."""


@dataclass(frozen=True)
class Vocabulary:
    """The tables of a byte-pair encoding.

    Attributes:
        merges: the rank of each pair of pieces that becomes one; the lowest is joined first.
        room: the tokens of text that fit into one window of the encoder, begin and end left out.
    """

    merges: Mapping[tuple[str, str], int]
    room: int

    @classmethod
    def of(cls, merges: Sequence[tuple[str, str]], room: int) -> "Vocabulary":
        """Make a vocabulary of merges in the order of their ranks."""
        return cls({pair: rank for rank, pair in enumerate(merges)}, room)

    def count(self, text: str) -> int:
        """Return how many tokens a text is, without begin and end."""
        found = known = 0
        for match in _SPECIAL.finditer(text):
            known += self._plain(text[found : match.start()]) + 1
            found = match.end()
        return known + self._plain(text[found:])

    def words(self) -> list[str]:
        """Return the words that are one token each, the most frequent first."""
        joined = ("".join(pair) for pair in self.merges)
        whole = (piece.removesuffix(_END) for piece in joined if piece.endswith(_END))
        return [word for word in whole if len(word) >= _LEAST_WORD and word.isascii() and word.isalpha()]

    def _plain(self, text: str) -> int:
        known: dict[str, int] = {}
        count = 0
        for word in _words(_normal(text)):
            if word not in known:
                known[word] = self._pieces(word)
            count += known[word]
        return count

    def _pieces(self, word: str) -> int:
        """Return how many pieces are left of a word when no two of them can be joined."""
        letters = [_LETTERS[byte] for byte in word.encode("utf-8", "replace")]
        pieces: list[str] = [*letters[:-1], letters[-1] + _END]
        after, before = list(range(1, len(pieces) + 1)), list(range(-1, len(pieces) - 1))
        waiting: list[tuple[int, int, str, str]] = []

        def wait(left: int) -> None:
            if left >= 0 and after[left] < len(pieces):
                pair = (pieces[left], pieces[after[left]])
                if pair in self.merges:
                    heappush(waiting, (self.merges[pair], left, *pair))

        for place in range(len(pieces)):
            wait(place)
        count = len(pieces)
        while waiting:
            _, left, one, two = heappop(waiting)
            right = after[left]
            if right >= len(pieces) or (pieces[left], pieces[right]) != (one, two):
                continue  # one of them was joined to another meanwhile
            pieces[left], pieces[right] = one + two, ""
            after[left] = after[right]
            if after[left] < len(pieces):
                before[after[left]] = left
            count -= 1
            wait(before[left])
            wait(left)
        return count


def _normal(text: str) -> str:
    return "".join(letter.lower() for letter in unicodedata.normalize("NFC", text))


def _words(text: str) -> Iterator[str]:
    """Yield shortened words such as ``'s``, runs of letters, single digits, and runs of all else but spaces."""
    at = 0
    while at < len(text):
        end = _end(text, at)
        if _kind(text[at]) != "Z":
            yield text[at:end]
        at = end


def _end(text: str, at: int) -> int:
    """Return where the word that begins at a place ends."""
    short = next((each for each in _SHORTENED if text.startswith(each, at)), None)
    if short is not None:
        return at + len(short)
    kind, end = _kind(text[at]), at + 1
    while kind != "N" and end < len(text) and _kind(text[end]) == kind:
        end += 1
    return end


def _kind(letter: str) -> str:
    """Return L for letters, N for digits, Z for spaces, and P for all else."""
    if letter in _SPACES:
        return "Z"
    first = unicodedata.category(letter)[0]
    return first if first in "LNZ" else "P"
