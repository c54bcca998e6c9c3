"""Sizes and ages as people write them: ``500MB``, ``2GiB``, ``12h``, ``7d``."""

import re
from collections.abc import Mapping

import click

_BYTES = {
    "": 1,
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


def size(text: str) -> int:
    """Return the bytes of a size: the type of an option.

    Raises:
        click.BadParameter: the text is not a size.
    """
    return _quantity(text, _BYTES)


def age(text: str) -> int:
    """Return the seconds of an age: the type of an option.

    Raises:
        click.BadParameter: the text is not an age.
    """
    return _quantity(text, _SECONDS)


def _quantity(text: str, units: Mapping[str, int]) -> int:
    written = _WRITTEN.fullmatch(text.strip().lower())
    if written is None or written[2] not in units:
        raise click.BadParameter(f"{text!r} is not a number with a unit: {', '.join(filter(None, units))}")
    return int(float(written[1]) * units[written[2]])
