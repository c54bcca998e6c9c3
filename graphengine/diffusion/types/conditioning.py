"""Conditioning: what a picture shall (or shall not) show, as a model reads it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from graphengine.diffusion.types.image import Mask
from graphengine.diffusion.types.tensors import TensorValue, described, require, tensors_of


@dataclass(frozen=True, slots=True)
class MicroConditioning:
    """What some models are told of a picture beside the text (Podell et al. 2023, section 2.2).

    Attributes:
        width, height: of the picture before it was cropped, in pixels; 0 is that which is sampled.
        left, top: what was cropped away at these sides, in pixels.
        target_width, target_height: of the picture that is wanted; 0 is that which is sampled.
        aesthetic: how much people like the picture, 0 to 10, for refiners; None is what is usual for what is wanted or
            not.

    Raises:
        ValueError: a size is negative.
    """

    width: int = 0
    height: int = 0
    left: int = 0
    top: int = 0
    target_width: int = 0
    target_height: int = 0
    aesthetic: float | None = None

    def __post_init__(self) -> None:
        sizes = (self.width, self.height, self.left, self.top, self.target_width, self.target_height)
        if min(sizes) < 0:
            raise ValueError(f"sizes of a picture cannot be negative: {sizes}")


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class ConditioningEntry(TensorValue):
    """One text, encoded.

    Attributes:
        embeddings: fp32 of shape [1, tokens, width]; in a batch of which each picture has a text of its own, a row
            for each picture.
        pooled: fp32 of shape [1, width] or likewise, for families that want one vector for the whole text.
        strength: weight of the entry's prediction among the others of its conditioning, above 0.
        mask: where it counts, of any size: 1 here, 0 not; one, or one for each row. None is everywhere.
        start, end: when it counts, as parts of the way from noise (0) to the picture (1).
        micro: sizes and a score, for families that are told such; None is what is usual.
        guidance: the scale that models which were distilled with guidance are told; None is that of the sampling.

    Raises:
        ValueError: a shape, a type, the strength or the time is wrong.
    """

    embeddings: Tensor
    pooled: Tensor | None = None
    strength: float = 1.0
    mask: Mask | None = None
    start: float = 0.0
    end: float = 1.0
    micro: MicroConditioning | None = None
    guidance: float | None = None

    def __post_init__(self) -> None:
        require(self.embeddings, "embeddings", None, None, None)
        if self.pooled is not None:
            require(self.pooled, "a pooled embedding", self.embeddings.shape[0], None)
        if not self.strength > 0:
            raise ValueError(f"the strength of an entry must be above 0, not {self.strength}")
        if self.mask is not None and self.mask.values.shape[0] not in {1, self.embeddings.shape[0]}:
            raise ValueError(f"{self.mask.values.shape[0]} masks do not fit {self.embeddings.shape[0]} embeddings")
        if not 0 <= self.start < self.end <= 1:
            raise ValueError(f"an entry cannot count from {self.start} to {self.end}")

    def emptied(self) -> "ConditioningEntry":
        """Return it with zeros in place of what a text is encoded to."""
        pooled = None if self.pooled is None else torch.zeros_like(self.pooled)
        return replace(self, embeddings=torch.zeros_like(self.embeddings), pooled=pooled)

    def counts(self, done: float) -> bool:
        """Whether it counts when ``done`` of the way is done, 0 to 1."""
        return self.start <= done < self.end or (self.end == 1 and done >= self.start)


@dataclass(frozen=True, slots=True)
class Conditioning:
    """Encoded texts whose predictions are averaged by their strengths, where and when they count.

    Where and when none of them counts, all do.

    Attributes:
        family: the family of models that understands them.
        entries: at least one.

    Raises:
        ValueError: there is no entry.
    """

    family: str
    entries: tuple[ConditioningEntry, ...]

    __hash__ = None  # type: ignore[assignment]  # holds tensors

    def __post_init__(self) -> None:
        if not self.entries:
            raise ValueError("a conditioning needs at least one entry")

    def described(self) -> str:
        """Return the shapes and the element types of its embeddings; of many, of the first few."""
        return described(each for entry in self.entries for each in tensors_of(entry))


def of_one_length(entries: Sequence[ConditioningEntry]) -> list[Tensor]:
    """Return the embeddings of entries with as many tokens each: repeated up to the least common multiple.

    Attention to keys that all occur equally often is attention to each of them once, so that none means another thing.
    """
    tokens = math.lcm(*(entry.embeddings.shape[1] for entry in entries))
    return [entry.embeddings.repeat(1, tokens // entry.embeddings.shape[1], 1) for entry in entries]
