"""Names of nodes: what one is called if nobody says otherwise."""

import re

from graphengine.builder.refusal import refused
from graphengine.workflow.document import NAME_PATTERN
from graphengine.workflow.form import MEANINGS

_NAME = re.compile(NAME_PATTERN)
_LONGEST_BASE = 56
"""Of the 64 characters of a name; the rest is for a number."""


def base_of(word: str) -> str:
    """Return the name that a function, or the last part of a node type, gives to its nodes."""
    base = re.sub(r"[^A-Za-z0-9_]", "_", re.split(r"[.:]", word)[-1]).lstrip("_0123456789")
    return base[:_LONGEST_BASE] or "node"


class Names:
    """The names that are taken in one set of nodes."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def free(self, base: str) -> str:
        """Return ``base``, or else ``base_2``, ``base_3`` …: the first that is free; where many were, a later one."""
        if base not in self._taken:
            return base
        number = self._next.get(base, 2)
        while f"{base}_{number}" in self._taken:
            number += 1
        self._next[base] = number
        return f"{base}_{number}"

    def take(self, name: str) -> None:
        """Note that a node has this name.

        Raises:
            WorkflowError: another has it, or it is not a name.
        """
        if not _NAME.fullmatch(name):
            raise refused("malformed_document", f"{name!r}: {MEANINGS[NAME_PATTERN]}")
        if name in self._taken:
            hint = "Choose another, or give that one another first."
            raise refused("malformed_document", f"there is already a node {name!r}", name, hint=hint)
        self._taken.add(name)

    def change(self, old: str, new: str) -> None:
        """Give a node another name.

        Raises:
            WorkflowError: another node has it, or it is not a name.
        """
        if old != new:
            self.take(new)
            self._taken.remove(old)
