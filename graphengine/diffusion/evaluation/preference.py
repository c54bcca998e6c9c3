"""What people prefer: from ratings of single results, and of two beside each other, to one figure for each group."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final, NamedTuple

from graphengine.files.table import Table

ROUNDS: Final = 1_000
"""How often strengths are improved at most."""

_CLOSE: Final = 1e-9


class Duel(NamedTuple):
    """Two groups beside each other; ``won`` is 1 where the first is better, 0 where the second is, 0.5 for neither."""

    first: str
    second: str
    won: float


@dataclass(frozen=True)
class Ratings:
    """What was said of groups.

    Attributes:
        stars: that each has got.
        duels: between two of them.
    """

    stars: Mapping[str, Sequence[int]] = field(default_factory=dict)
    duels: Sequence[Duel] = ()

    @property
    def groups(self) -> list[str]:
        """The groups of which anything was said, in the order of their names."""
        return sorted({*self.stars, *(name for duel in self.duels for name in duel[:2])})

    def mean_stars(self, group: str) -> float:
        """Return the mean of the stars of a group, 1 to 5; 0 where it has none."""
        return fmean(self.stars[group]) if self.stars.get(group) else 0.0

    def count(self, group: str) -> int:
        """Return how often anything was said of a group."""
        return len(self.stars.get(group, ())) + sum(group in duel[:2] for duel in self.duels)


def read_ratings(table: Table, by: str) -> Ratings:
    """Read the table of ratings that a service gives.

    Args:
        table: as the service gives it.
        by: what makes groups: ``title`` of the workflow, or the name of one of its inputs.

    Raises:
        ValueError: it is no such table, or a rated result has no such input.
    """
    if not {"stars", "better", "first_title", "first_inputs"} <= set(table.names):
        raise ValueError("it is no table of ratings")
    stars: dict[str, list[int]] = {}
    duels: list[Duel] = []
    for number, row in table.numbered():
        try:
            first = _group(row, "first", by)
            if row["stars"]:
                stars.setdefault(first, []).append(int(row["stars"]))
                continue
            second = _group(row, "second", by)
            if first != second:  # one with itself tells nothing of groups
                duels.append(Duel(first, second, _WON[row["better"]]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"row {number} is no rating: {error}") from error
    return Ratings(stars, duels)


def strengths(duels: Iterable[Duel]) -> dict[str, float]:
    """Return how likely each group is to be preferred to the average one, from 0 to 1; 0.5 is the average.

    A win and a loss against the average are added to what each group has, so that one that never lost is not
    infinitely strong.

    Source: Bradley and Terry, Rank Analysis of Incomplete Block Designs (1952), found as in Hunter, MM Algorithms for
    Generalized Bradley-Terry Models (2004).
    """
    fought = list(duels)
    names = sorted({name for duel in fought for name in duel[:2]})
    wins = dict.fromkeys(names, 1.0)  # half a win for each half of the two against the average
    for first, second, won in fought:
        wins[first] += won
        wins[second] += 1 - won
    strength = dict.fromkeys(names, 1.0)
    for _ in range(ROUNDS):
        met = {name: 2 / (strength[name] + 1) for name in names}
        for first, second, _won in fought:
            share = 1 / (strength[first] + strength[second])
            met[first] += share
            met[second] += share
        improved = {name: wins[name] / met[name] for name in names}
        change = max((abs(improved[name] - strength[name]) for name in names), default=0.0)
        strength = improved
        if change < _CLOSE:
            break
    return {name: each / (each + 1) for name, each in strength.items()}


_WON: Final = {"first": 1.0, "neither": 0.5, "second": 0.0}


def _group(row: Mapping[str, str], which: str, by: str) -> str:
    """Return the group of a result.

    Raises:
        KeyError: the row is too short.
        ValueError: the result was made without the input that makes groups.
    """
    title, inputs = row[f"{which}_title"], row[f"{which}_inputs"]
    if by == "title":
        return title or "untitled"
    values = json.loads(inputs)
    if by not in values:
        raise ValueError(f"a result was made without an input {by!r}, only with: {', '.join(values) or 'none'}")
    value = values[by]
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
