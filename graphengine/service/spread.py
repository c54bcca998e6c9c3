"""From one submission to many: values side by side, or each with each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from pydantic import JsonValue

from graphengine.errors import Unacceptable
from graphengine.service.canonical import is_short
from graphengine.service.job import JsonObject

MOST_TEXT: Final = 64 * 2**20
"""About how many characters the inputs of all jobs of a batch have: each job keeps its own."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several values for some inputs: ``zip`` takes the first of each, the second of each …; ``product`` all pairs."""

    mode: Literal["zip", "product"]
    values: Mapping[str, Sequence[JsonValue]]

    def combinations(self, most: int) -> list[JsonObject]:
        """Return the inputs of each job; in a product the last name varies fastest.

        Raises:
            Unacceptable: there are none, or more than ``most``, or a zip of lists of different lengths.
        """
        lengths = {len(each) for each in self.values.values()}
        if self.mode == "zip" and len(lengths) > 1:
            raise Unacceptable("the lists of a zip are of the same length")
        number = max(lengths, default=0) if self.mode == "zip" else math.prod(map(len, self.values.values()))
        if not self.values or not 1 <= number <= most:
            raise Unacceptable(f"a batch has 1 to {most:,} jobs, and this one would have {number:,}")
        rows = zip(*self.values.values(), strict=True) if self.mode == "zip" else product(*self.values.values())
        return [dict(zip(self.values, row, strict=True)) for row in rows]

    def body(self) -> JsonObject:
        """Return what makes a spread this one and no other."""
        return {"mode": self.mode, "values": {name: list(each) for name, each in self.values.items()}}


def rows_of(inputs: JsonObject, spread: Spread | None, most: int) -> list[JsonObject]:
    """Return the inputs of each job of a submission.

    Args:
        inputs: those that all have.
        spread: the others; None where it is one job.
        most: how many jobs a batch has at most.

    Raises:
        Unacceptable: it is no batch, or its jobs would have more inputs than can be kept.
    """
    if spread is None:
        return [inputs]
    rows: list[JsonObject] = [{**inputs, **row} for row in spread.combinations(most)]
    share = MOST_TEXT // len(rows)
    if not all(is_short(row, share) for row in rows):
        raise Unacceptable(f"the inputs of a job of {len(rows):,} have at most {share:,} characters as JSON")
    return rows
