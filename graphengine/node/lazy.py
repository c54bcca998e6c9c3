"""Lazy inputs: computed only if the node asks for them, so that a switch costs one branch."""

from typing import Any, Generic, TypeVar

T = TypeVar("T")

_ABSENT: Any = object()


class Wanted(BaseException):
    """A node asked for a lazy input that is not computed yet; the engine catches this and calls the node again.

    Not an Exception, so that no ``except Exception`` of a node gets in between.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Lazy(Generic[T]):
    """A lazy input, as the node sees it: ``def choose(yes: Lazy[Image], no: Lazy[Image]) -> Image``.

    The node is called without it first. When it asks, the call ends, the input is computed, and the node is
    called again from its beginning: ask before doing anything dear.
    """

    def __init__(self, name: str, value: T = _ABSENT) -> None:
        self._name = name
        self._value = value

    def get(self) -> T:
        """Return the value."""
        if self._value is _ABSENT:
            raise Wanted(self._name)
        return self._value
