"""What lies in one memory, and what goes first when that is full; it decides, and moves nothing."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Rank = Callable[[Key], int | None]
"""How unwilling one lets something go: of the lowest rank goes first; None may not go."""


@dataclass(slots=True)
class _Item:
    nbytes: int
    seconds: float
    worth: float


class Shelf(Generic[Key]):
    """The account of one memory, by GreedyDual-Size (Cao & Irani, 1997), as the cache of results keeps it.

    The worth of a thing is the seconds that it takes to get it back per byte, plus an age that grows with every
    eviction; so what is soon back, large, or long unused goes first. There are tens of models, not thousands:
    each question looks at all of them.

    Args:
        budget: bytes; None is no bound. It may be overrun: what to do about that is the caller's decision.
    """

    def __init__(self, budget: int | None) -> None:
        self.budget = budget
        self.nbytes = 0
        self._items: dict[Key, _Item] = {}
        self._age = 0.0

    def __contains__(self, key: Key) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[Key]:
        return iter(tuple(self._items))

    def put(self, key: Key, nbytes: int, seconds: float) -> None:
        """Count a thing, or count it anew.

        Args:
            seconds: what it takes to get it back once it is gone.
        """
        self.take(key)
        self._items[key] = _Item(nbytes, seconds, self._worth(nbytes, seconds))
        self.nbytes += nbytes

    def touch(self, key: Key) -> None:
        """Note that a thing is used."""
        item = self._items.pop(key)  # and put last: of equals the one goes first that was used longest ago
        item.worth = self._worth(item.nbytes, item.seconds)
        self._items[key] = item

    def take(self, key: Key) -> None:
        """Count a thing no more, if it is here."""
        item = self._items.pop(key, None)
        if item is not None:
            self.nbytes -= item.nbytes

    def evict(self, key: Key) -> None:
        """Count a thing no more because others need the room; all that is used from now on is worth more."""
        self._age = max(self._age, self._items[key].worth)
        self.take(key)

    def fits(self, nbytes: int) -> bool:
        """Whether there is room for ``nbytes`` more."""
        return self.budget is None or self.nbytes + nbytes <= self.budget

    def could_fit(self, nbytes: int, rank: Rank[Key]) -> bool:
        """Whether there is room for ``nbytes`` more once everything is gone that may go."""
        return self.fits(nbytes - sum(item.nbytes for key, item in self._items.items() if rank(key) is not None))

    def order(self, rank: Rank[Key]) -> list[Key]:
        """Return everything that may go, what is to go first at the front."""
        ranked = [(rank(key), item.worth, key) for key, item in self._items.items()]
        may_go = [(place, worth, key) for place, worth, key in ranked if place is not None]
        return [key for _, _, key in sorted(may_go, key=lambda each: each[:2])]

    def _worth(self, nbytes: int, seconds: float) -> float:
        return self._age + seconds / max(1, nbytes)
