"""Two masks made one."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from graphengine.diffusion.types.image import Mask
from graphengine.errors import NodeError
from graphengine.node.declare import node

Operation = Literal["union", "intersection", "difference", "symmetric_difference"]

_OPERATIONS: dict[Operation, Callable[[Tensor, Tensor], Tensor]] = {
    "union": torch.maximum,
    "intersection": torch.minimum,
    "difference": lambda a, b: torch.minimum(a, 1 - b),
    "symmetric_difference": lambda a, b: torch.minimum(torch.maximum(a, b), 1 - torch.minimum(a, b)),
}


@node("mask.combine", category="mask", title="Combine masks")
def combine(a: Mask, b: Mask, operation: Operation = "union") -> Mask:
    """Make one mask of two.

    Inputs:
        a, b: of equal size; one of them may be a single mask beside a batch.
        operation: where the result is: ``union`` in either, ``intersection`` in both, ``difference`` in a and not in
            b, ``symmetric_difference`` in one and not in the other. Soft edges stay soft.

    Errors: sizes or batches do not fit.

    Source: Zadeh, Fuzzy Sets (1965).
    """
    sizes = [tuple(each.values.shape) for each in (a, b)]
    if sizes[0][1:] != sizes[1][1:] or len({size[0] for size in sizes} - {1}) > 1:
        shown = " and ".join(f"{batch} × {width} × {height}" for batch, height, width in sizes)
        raise NodeError(f"masks of {shown} do not fit each other", hint="Put a Resize mask before one of them.")
    return Mask(_OPERATIONS[operation](a.values, b.values))
