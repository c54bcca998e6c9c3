"""How much memory a call took."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Footprint:
    """The memory that a call took, at most, in bytes.

    Attributes:
        host: what its process took in the host's memory, beside what was there before, and beside weights; None where
            that cannot be told.
        weights: of the models that it used.
        working: beside them on a device with memory of its own.
        device: where the models computed; empty if it used none.
        capacity: all the memory that the device has of its own; 0 if it computes in the host's.
    """

    host: int | None = None
    weights: int = 0
    working: int = 0
    device: str = ""
    capacity: int = 0
