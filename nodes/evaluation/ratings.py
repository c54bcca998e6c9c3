"""What people think of pictures."""

from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.evaluation.preference import Ratings, read_ratings, strengths
from graphengine.errors import NodeError
from graphengine.files.roots import File
from graphengine.files.table import read_table
from graphengine.node.declare import node
from graphengine.node.widgets import Under


class Preferred(NamedTuple):
    """What people prefer, group by group."""

    names: list[str]
    stars: list[float]
    preference: list[float]
    counts: list[int]


@node(
    "evaluation.ratings",
    category="evaluation",
    title="Ratings by people",
    lane="io",
    aliases=("Stars", "A/B", "Preference", "Elo"),
)
def ratings(
    file: Annotated[File, Under("inputs")], by: Annotated[str, Field(min_length=1, max_length=200)] = "title"
) -> Preferred:
    """Sum up what people think of results: their stars, and which of two they prefer.

    Inputs:
        file: the table of ratings, as ``/api/ratings.csv`` of a service gives it.
        by: what makes groups of results: ``title``, that of the workflow, or the name of one of its inputs, such as
            ``steps``.

    Outputs:
        names: the groups.
        stars: the mean of each, 1 to 5; 0 where nobody gave any.
        preference: how likely each is preferred to the average one, 0 to 1; 0.5 where it was beside no other.
        counts: how often anything was said of each.

    Errors: it is no table of ratings, or a result was made without that input.

    Source: Bradley and Terry (1952), for the preference.
    """
    found = _read(file, by)
    strong = strengths(found.duels)
    names = found.groups
    return Preferred(
        names,
        [found.mean_stars(name) for name in names],
        [strong.get(name, 0.5) for name in names],
        [found.count(name) for name in names],
    )


def _read(file: File, by: str) -> Ratings:
    table = read_table(file)
    try:
        return read_ratings(table, by)
    except ValueError as error:
        raise NodeError(
            f"{file.reference!r} cannot be read: {error}", hint="Take what /api/ratings.csv gives."
        ) from error
