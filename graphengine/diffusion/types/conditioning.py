"""Conditioning: what a picture shall (or shall not) show, as a model reads it."""

from dataclasses import dataclass

from torch import Tensor

from graphengine.diffusion.types.tensors import TensorValue, require


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class ConditioningEntry(TensorValue):
    """One text, encoded.

    Attributes:
        embeddings: fp32 of shape [1, tokens, width]; in a batch of which each picture has a text of its own, a row
            for each picture.
        pooled: fp32 of shape [1, width] or likewise, for families that want one vector for the whole text.
        strength: weight of the entry's prediction among the others of its conditioning, above 0.

    Raises:
        ValueError: a shape, a type or the strength is wrong.
    """

    embeddings: Tensor
    pooled: Tensor | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        require(self.embeddings, "embeddings", None, None, None)
        if self.pooled is not None:
            require(self.pooled, "a pooled embedding", self.embeddings.shape[0], None)
        if not self.strength > 0:
            raise ValueError(f"the strength of an entry must be above 0, not {self.strength}")


@dataclass(frozen=True, slots=True)
class Conditioning:
    """Encoded texts whose predictions are averaged by their strengths.

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
