"""What a node can say of a list that it returns before it is called, so that mistakes are found before a run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemsOf:
    """The list is the one that ``input`` takes: ``-> Annotated[list[str], ItemsOf("values")]``.

    So its length is known where the input is a constant, and a changed item is told from the others.
    """

    input: str


@dataclass(frozen=True, slots=True)
class LengthOf:
    """The list is as long as the one that ``input`` takes, or as the whole number that it takes says."""

    input: str


Extent = ItemsOf | LengthOf
