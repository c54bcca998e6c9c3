"""JSON in one form, so that equal things have equal bytes and one digest."""

import json
from typing import Any

from graphengine.errors import Unacceptable
from graphengine.files.digest import sha256


def compact(value: Any) -> str:
    """Return JSON text without spaces, keys in their own order.

    Raises:
        Unacceptable: the value is not JSON: infinite, half a character, or nested too deeply.
    """
    return _written(value, in_order=False)


def canonical(value: Any) -> str:
    """Return JSON text without spaces, keys in order: equal values have equal text.

    Raises:
        Unacceptable: the value is not JSON.
    """
    return _written(value, in_order=True)


def digest(text: str) -> str:
    """Return the SHA-256 of a text, 64 hex digits."""
    return sha256(text.encode())


def _written(value: Any, *, in_order: bool) -> str:
    try:
        text = json.dumps(value, sort_keys=in_order, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:  # a UnicodeEncodeError is a ValueError
        raise Unacceptable(f"not JSON: {error}") from None
    return text
