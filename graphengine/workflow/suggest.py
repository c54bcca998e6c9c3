"""What somebody may have meant."""

import difflib
from collections.abc import Iterable

MANY = 2_000


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a sentence that names the most similar known name, or all of a few, or nothing."""
    known = list(known)
    close = difflib.get_close_matches(name, _likely(name, known), n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(known)}." if 0 < len(known) <= 8 else ""


def _likely(name: str, known: list[str]) -> list[str]:
    """Of very many names, return some of those that begin like ``name``: to compare with all would take long."""
    return known if len(known) <= MANY else [each for each in known if each[:1] == name[:1]][:MANY]
