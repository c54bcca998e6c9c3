"""Weights that were trained in a workflow."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from graphengine.diffusion.types.tensors import TensorValue


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Weights(TensorValue):
    """The tensors of a trained network, and how it came about.

    Attributes:
        kind: what it is, such as ``upscaler``.
        tensors: by name, fp32 on the CPU.
        notes: the settings of its training and its figures, as texts; they are saved beside the weights.
    """

    kind: str
    tensors: Mapping[str, Tensor]
    notes: Mapping[str, str]
