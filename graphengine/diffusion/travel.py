"""From one encoded text to the next, in steps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from graphengine.diffusion.regions import moved
from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry
from graphengine.errors import NodeError

Way = Literal["embeddings", "predictions"]
Easing = Literal["linear", "smooth"]


def travel(keys: Sequence[Conditioning], count: int, *, way: Way, easing: Easing, loop: bool) -> list[Conditioning]:
    """Return ``count`` conditionings from the first key to the last, through all of them at equal distances.

    Where a key stands it is the key itself, to the bit; so the ends are what the keys alone would give.

    Args:
        way: ``embeddings`` moves what the model reads; ``predictions`` fades one text's prediction into the other's.
        easing: ``smooth`` stays longer at the keys.
        loop: go on from the last key to the first, which itself is not given again.

    Raises:
        NodeError: there is no key, or two keys do not suit each other.
    """
    if not keys:
        raise NodeError("there is no conditioning to travel from", hint="Link a list of encoded texts.")
    stops = [*keys, keys[0]] if loop else list(keys)
    _check(stops, way)
    legs = len(stops) - 1
    gaps = max(1, count if loop else count - 1)
    return [_at(stops, index * legs, gaps, way, easing) for index in range(count)]


def _at(stops: Sequence[Conditioning], place: int, gaps: int, way: Way, easing: Easing) -> Conditioning:
    """Return what stands at ``place / gaps`` between the stops, counted from 0."""
    leg, rest = divmod(place, gaps)
    if rest == 0:
        return stops[leg]
    share = rest / gaps
    if easing == "smooth":
        share = share * share * (3 - 2 * share)
    return (_between if way == "embeddings" else _faded)(stops[leg], stops[leg + 1], share)


def _check(stops: Sequence[Conditioning], way: Way) -> None:
    if len({each.family for each in stops}) > 1:
        raise NodeError("the texts were encoded for different models", hint="Use one text encoder for all of them.")
    counts = sorted({len(each.entries) for each in stops})
    if way == "embeddings" and len(counts) > 1:
        raise NodeError(
            f"the conditionings have {' and '.join(map(str, counts))} entries, which cannot be moved into each other",
            hint="Choose 'predictions'.",
        )


def _between(one: Conditioning, other: Conditioning, share: float) -> Conditioning:
    pairs = zip(one.entries, other.entries, strict=True)
    return replace(one, entries=tuple(_moved(first, second, share) for first, second in pairs))


def _moved(one: ConditioningEntry, other: ConditioningEntry, share: float) -> ConditioningEntry:
    return replace(moved(one, other, share), strength=one.strength + share * (other.strength - one.strength))


def _faded(one: Conditioning, other: Conditioning, share: float) -> Conditioning:
    """Return both texts' entries; those of a text have the same part of its sum of strengths as before."""
    weighted = []
    for conditioning, part in ((one, 1 - share), (other, share)):
        whole = sum(entry.strength for entry in conditioning.entries)
        weighted += [replace(entry, strength=entry.strength / whole * part) for entry in conditioning.entries]
    return replace(one, entries=tuple(weighted))
