"""Two datasets of one."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, NamedTuple

from pydantic import Field

from graphengine.diffusion.sources import Source
from graphengine.diffusion.types.dataset import Dataset, Drawn, Filed
from graphengine.errors import NodeError
from graphengine.node.declare import node
from graphengine.types.builtin import Seed


class Split(NamedTuple):
    """Two datasets that share no picture."""

    training: Dataset
    held_out: Dataset


@node(
    "data.split",
    category="data",
    title="Split dataset",
    lane="io",
    aliases=("Train / validation split", "Hold out", "Test set"),
)
def split(
    dataset: Dataset,
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.1,
    seed: Seed = Seed(0),
) -> Split:
    """Keep some pictures of a dataset apart, to measure a training on what it has never seen.

    Of pictures from files those are chosen by lot, each by the seed and its content alone: files that are equal are on
    one side, and a file stays where it is, but for a few at the border, when others are added or renamed. Of drawn
    pictures, which are random already, the last are kept apart.

    Inputs:
        dataset: the pictures, with captions and hints.
        held_out: the share that is kept apart, above 0 and below 1, rounded to whole pictures and at least one.
        seed: another one chooses other files.

    Outputs:
        training: the pictures to learn from, in their order.
        held_out: those to measure on, in their order.

    Errors: there are not two different pictures, or they are augmented: then variants of one would be on both sides.
    """
    if dataset.augmentation is not None:
        raise NodeError(
            "the dataset is augmented: variants of one picture would be on both sides", hint="Split it before that."
        )
    if dataset.count < 2:
        raise NodeError("a single picture cannot be split", hint="Link a larger dataset.")
    apart = min(max(1, round(dataset.count * held_out)), dataset.count - 1)
    source = dataset.source
    if isinstance(source, Filed) and not isinstance(dataset.hints, Drawn):
        others = _by_lot([file.digest for file in source.files], apart, seed)
        rest: Sequence[int] = sorted(set(range(dataset.count)).difference(others))
    else:
        rest, others = range(dataset.count - apart), range(dataset.count - apart, dataset.count)
    if not rest:
        raise NodeError("all pictures are the same one: they cannot be split", hint="Link a larger dataset.")
    return Split(_of(dataset, rest), _of(dataset, others))


def _by_lot(digests: Sequence[str], apart: int, seed: int) -> Sequence[int]:
    """Return which files are kept apart, in order: about so many, and equal ones together."""
    equal: dict[str, list[int]] = {}
    for index, digest in enumerate(digests):
        equal.setdefault(digest, []).append(index)
    lots = sorted(equal, key=lambda digest: hashlib.sha256(f"{seed}:{digest}".encode()).digest())
    chosen: list[int] = []
    for digest in lots:
        if len(chosen) + len(equal[digest]) <= apart:
            chosen += equal[digest]
    smallest = min(lots, key=lambda digest: len(equal[digest]))
    return sorted(chosen or equal[smallest])  # all may have more equals than were to be kept apart


def _of(dataset: Dataset, indices: Sequence[int]) -> Dataset:
    """Return the pictures at some indices; those of what is drawn follow each other."""
    hints = dataset.hints
    return replace(
        dataset,
        count=len(indices),
        source=_part(dataset.source, indices),
        hints=_part(hints, indices) if isinstance(hints, Drawn | Filed) else hints,
    )


def _part(source: Source, indices: Sequence[int]) -> Source:
    if isinstance(source, Drawn):
        return replace(source, first=source.first + indices[0])
    return Filed(tuple(source.files[index] for index in indices), tuple(source.captions[index] for index in indices))
