"""A plan: the tasks that the wanted targets need, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphengine.node.spec import NodeSpec
from graphengine.workflow.document import Socket
from graphengine.workflow.graph import Link


@dataclass(frozen=True, slots=True)
class Task:
    """One node to compute.

    Attributes:
        name: the node's name in the workflow.
        fingerprint: the content address of its result.
        needs: the tasks whose results it may take, each once.
        awaits: those of them that must be there before it is called; the others are lazy.
        consumers: the tasks that take its result, each once.
        rank: the length of the longest way from here to an end; what has more behind it goes first.
        weights: the content addresses of the weights that are linked to it.
        batch_key: what it has in common with the tasks with which it can be one call; None if it is to be alone.
    """

    name: str
    spec: NodeSpec
    fingerprint: str
    constants: Mapping[str, Any]
    links: Mapping[str, Link]
    needs: tuple[str, ...]
    awaits: tuple[str, ...]
    consumers: tuple[str, ...]
    rank: int
    weights: frozenset[str] = frozenset()
    batch_key: str | None = None

    @property
    def cacheable(self) -> bool:
        """Whether a stored result may stand for a call."""
        return not self.spec.sink


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute. ``targets`` are the tasks asked for, ``outputs`` the values the caller gets."""

    tasks: Mapping[str, Task]
    targets: tuple[str, ...]
    outputs: Mapping[str, Socket]
