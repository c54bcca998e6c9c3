"""Conditionings joined, mixed, and bound to places and times."""

from dataclasses import replace

import torch
from torch.nn import functional

from graphengine.diffusion.types.conditioning import Conditioning, ConditioningEntry, of_one_length
from graphengine.diffusion.types.image import Mask
from graphengine.errors import NodeError


def together(a: Conditioning, b: Conditioning) -> Conditioning:
    """Let two conditionings count beside each other: their predictions are averaged.

    Raises:
        NodeError: they are for different models.
    """
    _require_kin(a, b)
    return Conditioning(a.family, (*a.entries, *b.entries))


def appended(a: Conditioning, b: Conditioning) -> Conditioning:
    """Append the tokens of ``b`` to each entry of ``a``, as if it were one longer text.

    Raises:
        NodeError: they are for different models, or ``b`` has several entries.
    """
    other = _only(a, b)
    return replace(a, entries=tuple(_appended(each, other) for each in a.entries))


def mixed(a: Conditioning, b: Conditioning, amount: float) -> Conditioning:
    """Move the embeddings of ``a`` towards those of ``b``; texts of other lengths are repeated to a common one.

    Raises:
        NodeError: as for :func:`appended`.
    """
    other = _only(a, b)
    return replace(a, entries=tuple(moved(each, other, amount) for each in a.entries))


def emptied(conditioning: Conditioning) -> Conditioning:
    """Put zeros in place of all embeddings."""
    return replace(conditioning, entries=tuple(each.emptied() for each in conditioning.entries))


def strengthened(conditioning: Conditioning, factor: float) -> Conditioning:
    """Multiply the strengths of all entries."""
    return replace(
        conditioning, entries=tuple(replace(each, strength=each.strength * factor) for each in conditioning.entries)
    )


def placed(conditioning: Conditioning, mask: Mask) -> Conditioning:
    """Let a conditioning count where a single mask says, and where it counted before.

    Raises:
        NodeError: there are several masks.
    """
    if mask.values.shape[0] != 1:
        raise NodeError(f"{mask.values.shape[0]} masks are too many for a conditioning", hint="Link a single mask.")
    return replace(conditioning, entries=tuple(_placed(each, mask) for each in conditioning.entries))


def timed(conditioning: Conditioning, start: float, end: float) -> Conditioning:
    """Let a conditioning count from ``start`` to ``end`` of the way from noise (0) to the picture (1).

    Entries that never count then go.

    Raises:
        NodeError: none is left.
    """
    ranges = ((max(each.start, start), min(each.end, end), each) for each in conditioning.entries)
    entries = tuple(replace(each, start=first, end=last) for first, last, each in ranges if first < last)
    if not entries:
        raise NodeError(
            f"nothing of the conditioning counts from {start:g} to {end:g}", hint="Let the end be above the start."
        )
    return replace(conditioning, entries=entries)


def _require_kin(a: Conditioning, b: Conditioning) -> None:
    if a.family != b.family:
        raise NodeError(
            f"the texts were encoded for {a.family!r} and {b.family!r}", hint="Encode both for the same model."
        )


def _only(a: Conditioning, b: Conditioning) -> ConditioningEntry:
    _require_kin(a, b)
    if len(b.entries) != 1:
        raise NodeError(f"the second conditioning has {len(b.entries)} parts, and must have one")
    if a.entries[0].embeddings.shape[-1] != b.entries[0].embeddings.shape[-1]:
        raise NodeError("the texts were encoded by different encoders", hint="Encode both for the same model.")
    return b.entries[0]


def _appended(entry: ConditioningEntry, other: ConditioningEntry) -> ConditioningEntry:
    return replace(entry, embeddings=torch.cat((entry.embeddings, other.embeddings), dim=1))


def moved(entry: ConditioningEntry, other: ConditioningEntry, amount: float) -> ConditioningEntry:
    """Move what a model reads of one text towards another; its strength, place and time stay.

    Both are brought to one length first.
    """
    one, another = of_one_length([entry, other])
    embeddings = torch.lerp(one, another, amount)
    pooled = entry.pooled
    if pooled is not None and other.pooled is not None:
        pooled = torch.lerp(pooled, other.pooled, amount)
    return replace(entry, embeddings=embeddings, pooled=pooled)


def _placed(entry: ConditioningEntry, mask: Mask) -> ConditioningEntry:
    if entry.mask is None:
        return replace(entry, mask=mask)
    size = mask.values.shape[1:]
    before = functional.interpolate(entry.mask.values.unsqueeze(1), size=size, mode="area")
    return replace(entry, mask=Mask((before.squeeze(1) * mask.values).contiguous()))
