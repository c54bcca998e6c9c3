"""What models take of the memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """What was in use where models compute, at most, within some time; in bytes.

    Attributes:
        device: its name, such as ``cuda:0`` or ``cpu``.
        capacity: all the memory that it has of its own; 0 if it computes in the host's.
        weights: of all models that were used.
        working: beside the weights that were there; 0 if it computes in the host's memory.
        loaded: weights that came into the host's memory meanwhile, and stay there.
    """

    device: str
    capacity: int
    weights: int
    working: int
    loaded: int
