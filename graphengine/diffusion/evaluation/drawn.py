"""Whether pictures show what the scenes do that they were asked to show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphengine.diffusion.drawing.facts import facts
from graphengine.diffusion.drawing.scene import Landscape, Portrait, Scene, Still, relation
from graphengine.diffusion.evaluation.reader import Picture, Reading, lying, read
from graphengine.errors import NodeError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was asked for, and whether it is there; ``kind`` is ``colours``, ``positions`` or the like."""

    kind: str
    there: bool


def checks(scene: Scene, picture: Picture, told: frozenset[str]) -> Sequence[Check]:
    """Return what was asked for, and whether it is there.

    Figures are read from the pixels, landscapes as far as a tagger tells.

    Args:
        scene: what was asked for.
        picture: what was drawn.
        told: the tags that a tagger found in it.

    Raises:
        NodeError: faces were asked for, which nothing reads, or more than two figures: alike ones are read as one.
    """
    if isinstance(scene, Landscape):
        return [Check("scene elements", fact in told) for fact in sorted(facts(scene))]
    if isinstance(scene, Portrait):
        raise NodeError("faces cannot be judged by what is asked for", hint="Judge by figures or landscapes.")
    if len(scene.figures) > 2:
        raise NodeError(
            f"{len(scene.figures)} figures cannot be read from the pixels", hint="Judge by pictures of one or two."
        )
    return list(_of_still(scene, read(picture)))


def _of_still(still: Still, reading: Reading) -> Iterator[Check]:
    yield Check("colours", reading.background == still.background)
    yield Check("counts", len(reading.figures) == len(still.figures))
    seen = {each.colour: each for each in reading.figures}
    for figure in still.figures:
        sighting = seen.get(figure.colour)
        yield Check("colours", sighting is not None)
        yield Check("shapes", sighting is not None and sighting.shape == figure.shape)
    if len(still.figures) == 2:
        first, second = still.figures
        pair = [seen[each.colour] for each in still.figures if each.colour in seen]
        yield Check("positions", len(pair) == 2 and lying(*pair) == relation(first, second))


def shares(found: Sequence[Sequence[Check]]) -> Mapping[str, float]:
    """Return the share of each kind that is there, 0 to 1, over all pictures; sorted by name."""
    by_kind: dict[str, list[bool]] = {}
    for check in (check for each in found for check in each):
        by_kind.setdefault(check.kind, []).append(check.there)
    return {kind: float(np.mean(there)) for kind, there in sorted(by_kind.items())}
