"""Calls made together: ready calls of one node that differ only in some of their inputs, made as one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Together:
    """How several calls of a node are made as one, where the settings allow it.

    Nothing is looked at to find calls that fit: all inputs but those in ``over`` are constants that are the same, or
    come from results with the same fingerprints. So ``function`` must do with any values in ``over``, and may make
    groups of what fits. It may change results by rounding and by nothing else. If it fails, the calls are made one by
    one. Only first attempts are made together, and ``attempt`` says that this is one.

    Attributes:
        over: the inputs that may differ.
        function: the node for several calls. It has the parameters of the node, but those in ``over`` are lists with
            an item for each call, and a context is a :class:`graphengine.node.context.SharedContext`. It returns a
            list with a result for each call, as the node would return it.
        limit: how many calls it makes at most.
    """

    over: tuple[str, ...]
    function: Callable[..., Any]
    limit: int = 8
