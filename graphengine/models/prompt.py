r"""Weights in prompts.

``(words)`` counts 1.1 times, ``[words]`` 1/1.1 times, ``(words:1.3)`` 1.3 times; brackets nest and multiply.
``\(``, ``\)``, ``\[``, ``\]`` and ``\\`` stand for themselves, and so does a bracket without a partner.
"""

import re
from dataclasses import dataclass
from itertools import groupby

STEP = 1.1
"""The weight of one pair of round brackets without a number."""

_TOKEN = re.compile(r"\\[()\[\]\\]|[()\[\]]|:\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*(?=\))|[^\\()\[\]:]+|.", re.DOTALL)
_CLOSES = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch of a prompt and its weight; 1 is neutral."""

    text: str
    weight: float


def parse_prompt(prompt: str) -> tuple[Fragment, ...]:
    """Split a prompt into stretches of equal weight.

    A prompt without weights is one fragment, its text unchanged but for escapes; an empty one is no fragment.
    """
    tokens = _TOKEN.findall(prompt)
    partners = _match_brackets(tokens)
    pieces: list[Fragment] = []
    weights = [1.0]
    for index, token in enumerate(tokens):
        if index in partners:
            if token in _CLOSES:
                weights.pop()
            else:
                weights.append(weights[-1] * _factor(tokens, index, partners[index]))
        elif not _is_number(tokens, index, partners):
            literal = token[1:] if len(token) > 1 and token[0] == "\\" else token
            pieces.append(Fragment(literal, weights[-1]))
    return _merge(pieces)


def _match_brackets(tokens: list[str]) -> dict[int, int]:
    """Return the partner of each bracket that has one, both ways."""
    partners: dict[int, int] = {}
    open_: list[int] = []
    for index, token in enumerate(tokens):
        if token in _CLOSES.values():
            open_.append(index)
        elif token in _CLOSES and open_ and tokens[open_[-1]] == _CLOSES[token]:
            begin = open_.pop()
            partners[begin], partners[index] = index, begin
    return partners


def _is_number(tokens: list[str], index: int, partners: dict[int, int]) -> bool:
    """Whether the token is the ``:1.2`` of a pair of round brackets."""
    token = tokens[index]
    return len(token) > 1 and token[0] == ":" and index + 1 in partners


def _factor(tokens: list[str], begin: int, end: int) -> float:
    if tokens[begin] == "[":
        return 1 / STEP
    last = tokens[end - 1]
    return float(last[1:]) if end - 1 > begin and last[0] == ":" and len(last) > 1 else STEP


def _merge(pieces: list[Fragment]) -> tuple[Fragment, ...]:
    groups = groupby(pieces, key=lambda piece: piece.weight)
    return tuple(Fragment("".join(piece.text for piece in group), weight) for weight, group in groups)
