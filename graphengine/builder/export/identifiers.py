"""Identifiers: what variables and functions are called in the code."""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 32

_OURS: Final = ("wf", "made", "Workflow", "Seed")


class Identifiers:
    """Those that are taken: Python's own, the code's own, and what was given since."""

    def __init__(self) -> None:
        self._taken = {*dir(builtins), *keyword.kwlist, *keyword.softkwlist, *_OURS}

    def is_free(self, word: str) -> bool:
        """Return whether nobody has an identifier."""
        return word not in self._taken

    def take(self, words: Iterable[str]) -> str:
        """Return the first free one of some identifiers, or else the last with a number, and take it."""
        candidates = list(words)
        found = next((each for each in candidates if each not in self._taken), None)
        number = 2
        while found is None:
            numbered = f"{candidates[-1]}_{number}"
            found = None if numbered in self._taken else numbered
            number += 1
        self._taken.add(found)
        return found


def identifier(word: str) -> str:
    """Return the identifier most like a name, which may hold ``-``; a long one is cut."""
    return re.sub(r"\W", "_", word, flags=re.ASCII)[:LONGEST].rstrip("_") or "_"


def snake(word: str) -> str:
    """Return the name of a class as that of a value: ``ModelParts`` is ``model_parts``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()


def is_attribute(word: str) -> bool:
    """Return whether a word can be written behind a dot, or before ``=``, and Python reads it as it is."""
    return word.isidentifier() and not keyword.iskeyword(word) and unicodedata.normalize("NFKC", word) == word
