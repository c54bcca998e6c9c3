"""JSON in one form, so that equal things have equal bytes and one digest."""

import json
from typing import Any, Final

from graphengine.errors import Unacceptable
from graphengine.files.digest import sha256

_IN_THEIR_ORDER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_IN_ORDER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

QUICK_LENGTH: Final = 20_000
"""The length of JSON that is read, proven and written while an event loop waits; longer ones go to a thread."""


def compact(value: Any) -> str:
    """Return JSON text without spaces, keys in their own order.

    Raises:
        Unacceptable: the value is not JSON: infinite, half a character, or nested too deeply.
    """
    return _text(_IN_THEIR_ORDER, value)


def canonical(value: Any) -> str:
    """Return JSON text without spaces, keys in order: equal values have equal text.

    Raises:
        Unacceptable: the value is not JSON.
    """
    return _text(_IN_ORDER, value)


def is_short(value: Any, most: int) -> bool:
    """Return whether the JSON text of a value has at most about ``most`` characters; it looks no further."""
    left, parts = most, [value]
    while parts:
        part = parts.pop()
        left -= 2
        if isinstance(part, str):
            left -= len(part)
        elif isinstance(part, dict | list):
            left -= len(part)
            if left >= 0 and isinstance(part, dict):
                left -= sum(map(len, part))
            parts += () if left < 0 else part.values() if isinstance(part, dict) else part
        if left < 0:
            return False
    return True


def digest(text: str) -> str:
    """Return the SHA-256 of a text, 64 hex digits."""
    return sha256(text.encode())


def _text(encoder: json.JSONEncoder, value: Any) -> str:
    try:
        text = encoder.encode(value)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:  # a UnicodeEncodeError is a ValueError
        raise Unacceptable(f"not JSON: {error}") from None
    return text
